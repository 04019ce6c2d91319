//! `NumPy`'s array file, versions 1 to 3 (NEP 1, `numpy.lib.format`).
//!
//! | elements | shapes |
//! | --- | --- |
//! | complex64, complex128 | (N,), (N, 1), (1, N) |
//! | records of two numbers, named I and Q, or real and imaginary | the same |
//! | int8, uint8, int16, uint16, int32, uint32, float32, float64 | (N, 2); (2, N) in Fortran order |
//!
//! Both byte orders. An array whose bytes have all I before all Q cannot be read as it arrives.

mod element;
mod header;
mod problem;

use crate::error::Error;
use crate::format::SampleFormat;
use problem::bad;

/// The first bytes of every `.npy` file.
pub(crate) const MAGIC: &[u8] = b"\x93NUMPY";

/// Reads a file as it arrives.
#[derive(Debug)]
pub(crate) enum Npy {
    /// The bytes of the header so far.
    Header(Vec<u8>),
    /// In the array.
    Data {
        /// Type of the array's elements.
        format: SampleFormat,
        /// Bytes of the array according to its shape.
        announced: u64,
        /// Bytes of the array so far.
        bytes_read: u64,
    },
}

impl Default for Npy {
    fn default() -> Self {
        Self::Header(Vec::new())
    }
}

impl Npy {
    /// See [`super::Container::decode`].
    pub(crate) fn decode<'a>(&mut self, input: &mut &'a [u8]) -> Result<Option<&'a [u8]>, Error> {
        if let Self::Header(bytes) = self {
            loop {
                let missing = header::length(bytes)? - bytes.len();
                if missing == 0 {
                    break;
                }
                if input.is_empty() {
                    return Ok(None);
                }
                let (piece, rest) = input.split_at(missing.min(input.len()));
                bytes.extend_from_slice(piece);
                *input = rest;
            }
            let (format, samples) = header::parse(bytes)?;
            let announced = samples
                .checked_mul(format.sample_bytes() as u64)
                .ok_or_else(|| bad(format!("the shape announces {samples} samples")))?;
            *self = Self::Data {
                format,
                announced,
                bytes_read: 0,
            };
        }
        let Self::Data {
            announced, bytes_read, ..
        } = self
        else {
            return Ok(None);
        };
        let left = usize::try_from(*announced - *bytes_read).unwrap_or(usize::MAX);
        if left == 0 && !input.is_empty() {
            return Err(Error::TrailingBytes {
                container: "npy",
                announced: *announced,
            });
        }
        let (payload, rest) = input.split_at(left.min(input.len()));
        *input = rest;
        *bytes_read += payload.len() as u64;
        Ok((!payload.is_empty()).then_some(payload))
    }

    /// Type of the elements, once the header is complete.
    pub(crate) fn format(&self) -> Option<SampleFormat> {
        match self {
            Self::Header(_) => None,
            Self::Data { format, .. } => Some(*format),
        }
    }

    /// See [`super::Container::end`].
    pub(crate) fn finish(&self) -> Result<(), Error> {
        match self {
            Self::Header(header) => Err(bad(format!("the object ends in it, after {} bytes", header.len()))),
            Self::Data {
                announced, bytes_read, ..
            } if bytes_read < announced => Err(Error::Length {
                container: "npy",
                announced: *announced,
                actual: *bytes_read,
            }),
            Self::Data { .. } => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
