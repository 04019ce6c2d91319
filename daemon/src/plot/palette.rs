//! Pixels as numbers of colours: a third of the size, since noise has few colours but no other order.

use std::collections::HashMap;

type Colour = [u8; 3];

/// As many as a byte tells apart.
const MOST: usize = 256;

/// The colours of a picture, the certain ones and then the most frequent first, and the number of each pixel's. Of more colours than there are numbers,
/// the rarest (shades at the edges of lines) become the nearest of the others; those of `certain` are kept however rare
/// they are, or a warning in red would be grey beside the shades of a waterfall.
pub(super) fn reduce(rgb: &[u8], certain: &[Colour]) -> (Vec<u8>, Vec<u8>) {
    let (pixels, _) = rgb.as_chunks::<3>();
    let mut counts: HashMap<Colour, usize> = HashMap::new();
    for run in pixels.chunk_by(|one, next| one == next) {
        *counts.entry(run[0]).or_default() += run.len();
    }
    let mut colours: Vec<(Colour, usize)> = counts.into_iter().collect();
    // Equals in the order of the colours, so that the same picture always is the same file.
    colours.sort_unstable_by_key(|(colour, count)| (!certain.contains(colour), std::cmp::Reverse(*count), *colour));
    let palette: Vec<Colour> = colours.iter().take(MOST).map(|(colour, _)| *colour).collect();
    let numbers: HashMap<Colour, u8> = colours
        .iter()
        .map(|(colour, _)| (*colour, nearest(*colour, &palette)))
        .collect();
    let mut indices = Vec::with_capacity(pixels.len());
    for run in pixels.chunk_by(|one, next| one == next) {
        indices.resize(indices.len() + run.len(), numbers[&run[0]]);
    }
    (palette.into_flattened(), indices)
}

/// The number of the colour that looks most like this one.
fn nearest(colour: Colour, palette: &[Colour]) -> u8 {
    let distance = |other: &Colour| -> u32 {
        let parts = colour.iter().zip(other);
        parts.map(|(one, other)| u32::from(one.abs_diff(*other)).pow(2)).sum()
    };
    let best = (0..=u8::MAX).zip(palette).min_by_key(|(_, other)| distance(other));
    best.map_or(0, |(number, _)| number)
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
    fn a_colour_with_a_meaning_stays_however_rare_it_is() {
        let often = (0..=255_u8).flat_map(|n| [n, n, n, n, n, n]);
        let rgb: Vec<u8> = often.chain([200, 30, 20]).collect();
        let back = |certain: &[Colour]| {
            let (palette, indices) = reduce(&rgb, certain);
            palette[usize::from(indices[512]) * 3..][..3].to_vec()
        };
        assert_eq!(back(&[[200, 30, 20]]), [200, 30, 20]);
        assert_ne!(back(&[]), [200, 30, 20]);
    }

    #[test]
    fn the_rarest_of_more_become_their_neighbours() {
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
