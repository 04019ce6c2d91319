//! The pixels of a PNG file.

use std::path::Path;

pub(super) struct Pixels {
    pub(super) width: usize,
    pub(super) height: usize,
    rgb: Vec<u8>,
}

impl Pixels {
    pub(super) fn read(path: &Path) -> Self {
        let file = std::io::BufReader::new(std::fs::File::open(path).expect("a picture"));
        let mut decoder = png::Decoder::new(file);
        decoder.set_transformations(png::Transformations::EXPAND);
        let mut reader = decoder.read_info().expect("a PNG file");
        let mut rgb = vec![0; reader.output_buffer_size().expect("a small picture")];
        let frame = reader.next_frame(&mut rgb).expect("pixels");
        assert_eq!(
            (frame.color_type, frame.bit_depth),
            (png::ColorType::Rgb, png::BitDepth::Eight)
        );
        Self {
            width: frame.width as usize,
            height: frame.height as usize,
            rgb,
        }
    }

    /// Red, green and blue.
    pub(super) fn at(&self, x: usize, y: usize) -> [u8; 3] {
        let start = 3 * (y * self.width + x);
        [self.rgb[start], self.rgb[start + 1], self.rgb[start + 2]]
    }
}
