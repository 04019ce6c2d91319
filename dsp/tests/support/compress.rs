//! Compresses as programs do, by the extension.

use std::io::Write as _;

pub(crate) const EXTENSIONS: [&str; 4] = ["gz", "xz", "bz2", "zst"];

pub(crate) fn compress(extension: &str, content: &[u8]) -> Vec<u8> {
    const INTO_MEMORY: &str = "a write to memory";
    match extension {
        "gz" => {
            let fields = flate2::GzBuilder::new()
                .filename("x.cu8")
                .comment("a comment")
                .extra([7; 9]);
            let mut encoder = fields.write(Vec::new(), flate2::Compression::fast());
            encoder.write_all(content).expect(INTO_MEMORY);
            encoder.finish().expect(INTO_MEMORY)
        }
        "xz" => {
            let options = lzma_rust2::XzOptions::with_preset(1);
            let mut encoder = lzma_rust2::XzWriter::new(Vec::new(), options).expect(INTO_MEMORY);
            encoder.write_all(content).expect(INTO_MEMORY);
            encoder.finish().expect(INTO_MEMORY)
        }
        "bz2" => {
            let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
            encoder.write_all(content).expect(INTO_MEMORY);
            encoder.finish().expect(INTO_MEMORY)
        }
        _ => ruzstd::encoding::compress_to_vec(content, ruzstd::encoding::CompressionLevel::Fastest),
    }
}
