//! Replaces colours by indices into a palette. A file is then a third of the size: noise has few
//! colours, but does not compress well otherwise.

use std::collections::HashMap;

type Colour = [u8; 3];

/// An index is a byte.
const MAX_COLOURS: usize = 256;

/// Returns the palette and the index of each pixel's colour.
///
/// The palette holds the colours of `fixed` that the plot has, then the most frequent others. Each
/// remaining colour (rare shades at the edges of lines) is replaced by the most similar one in the
/// palette. Without `fixed`, a red warning would turn grey next to the many colours of a waterfall.
pub(super) fn reduce(rgb: &[u8], fixed: &[Colour]) -> (Vec<u8>, Vec<u8>) {
    let (pixels, _) = rgb.as_chunks::<3>();
    let mut counts: HashMap<Colour, usize> = HashMap::new();
    for run in pixels.chunk_by(|one, next| one == next) {
        *counts.entry(run[0]).or_default() += run.len();
    }
    let mut colours: Vec<(Colour, usize)> = counts.into_iter().collect();
    // Equally frequent colours are sorted by value, so that the same plot always gives the same file.
    colours.sort_unstable_by_key(|(colour, count)| (!fixed.contains(colour), std::cmp::Reverse(*count), *colour));
    let palette: Vec<Colour> = colours.iter().take(MAX_COLOURS).map(|(colour, _)| *colour).collect();
    let index_of: HashMap<Colour, u8> = colours
        .iter()
        .map(|(colour, _)| (*colour, nearest(*colour, &palette)))
        .collect();
    let mut indices = Vec::with_capacity(pixels.len());
    for run in pixels.chunk_by(|one, next| one == next) {
        indices.resize(indices.len() + run.len(), index_of[&run[0]]);
    }
    (palette.into_flattened(), indices)
}

/// The index of the most similar colour in the palette.
fn nearest(colour: Colour, palette: &[Colour]) -> u8 {
    let distance = |other: &Colour| -> u32 {
        let parts = colour.iter().zip(other);
        parts.map(|(one, other)| u32::from(one.abs_diff(*other)).pow(2)).sum()
    };
    let best = (0..=u8::MAX).zip(palette).min_by_key(|(_, other)| distance(other));
    best.map_or(0, |(index, _)| index)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn up_to_256_colours_stay_as_they_are() {
        let rgb: Vec<u8> = (0..=255_u8).flat_map(|n| [n, n / 2, 255 - n]).collect();
        let (palette, indices) = reduce(&rgb, &[]);
        let back: Vec<u8> = indices
            .iter()
            .flat_map(|index| palette[usize::from(*index) * 3..][..3].to_vec())
            .collect();
        assert_eq!(back, rgb);
    }

    #[test]
    fn a_fixed_colour_is_kept_even_if_it_is_rare() {
        let often = (0..=255_u8).flat_map(|n| [n, n, n, n, n, n]);
        let rgb: Vec<u8> = often.chain([200, 30, 20]).collect();
        let back = |fixed: &[Colour]| {
            let (palette, indices) = reduce(&rgb, fixed);
            palette[usize::from(indices[512]) * 3..][..3].to_vec()
        };
        assert_eq!(back(&[[200, 30, 20]]), [200, 30, 20]);
        assert_ne!(back(&[]), [200, 30, 20]);
    }

    #[test]
    fn rare_colours_become_similar_ones_if_there_are_too_many() {
        // Twice each of 256 even shades of red, once each of the blue next to them.
        let often = (0..=255_u8).flat_map(|n| [n, 0, 0, n, 0, 0]);
        let seldom = (0..=255_u8).flat_map(|n| [n, 0, 1]);
        let rgb: Vec<u8> = often.chain(seldom).collect();
        let (palette, indices) = reduce(&rgb, &[]);
        assert_eq!(palette.len(), 3 * 256);
        for (pixel, index) in rgb.as_chunks::<3>().0.iter().zip(indices) {
            assert_eq!(palette[usize::from(index) * 3..][..3], [pixel[0], 0, 0]);
        }
    }
}
