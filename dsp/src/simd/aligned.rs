//! Buffers that are aligned with the lines of the cache.

use std::ops::{Deref, DerefMut};

use super::CACHE_LINE;

/// A buffer of which one element begins a line of the cache. A register that is loaded across the
/// border of two lines takes twice as long.
#[derive(Debug, Default)]
pub(crate) struct Aligned<T> {
    values: Vec<T>,
    start: usize,
}

impl<T: Copy> Aligned<T> {
    /// A buffer of `len` times `value`, of which element `at` begins a line. The size of `T`
    /// divides that of a line.
    pub(crate) fn new(value: T, len: usize, at: usize) -> Self {
        let mut buffer = Self::with_capacity(value, len, at);
        buffer.values.resize(buffer.start + len, value);
        buffer
    }

    /// An empty buffer with room for `len` elements, of which element `at` will begin a line.
    /// `value` is any.
    pub(crate) fn with_capacity(value: T, len: usize, at: usize) -> Self {
        let in_line = CACHE_LINE / size_of::<T>();
        let mut values: Vec<T> = Vec::with_capacity(len + in_line);
        let first = values.as_ptr().align_offset(CACHE_LINE).min(in_line);
        let start = (first + in_line - at % in_line) % in_line;
        values.resize(start, value);
        Self { values, start }
    }

    /// The elements to append others to. With more than there is room for, the buffer loses its
    /// alignment.
    pub(crate) fn appendable(&mut self) -> &mut Vec<T> {
        &mut self.values
    }

    /// Removes all elements.
    pub(crate) fn clear(&mut self) {
        self.values.truncate(self.start);
    }
}

impl<T> Deref for Aligned<T> {
    type Target = [T];

    #[inline(always)]
    fn deref(&self) -> &[T] {
        &self.values[self.start..]
    }
}

impl<T> DerefMut for Aligned<T> {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.values[self.start..]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_element_begins_a_line() {
        for at in 0..20 {
            let buffer = Aligned::new(1.0_f32, 100, at);
            assert_eq!(buffer.len(), 100);
            assert_eq!(buffer[at..].as_ptr().align_offset(CACHE_LINE), 0);
            let mut appended = Aligned::with_capacity(0.0_f32, 100, at);
            appended.appendable().extend_from_slice(&buffer);
            assert_eq!(appended[..], buffer[..]);
            assert_eq!(appended[at..].as_ptr().align_offset(CACHE_LINE), 0);
            appended.clear();
            assert!(appended.is_empty());
        }
    }
}
