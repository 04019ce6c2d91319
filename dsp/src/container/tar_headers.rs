//! Headers of a tar file (POSIX.1-2001, with GNU's long names).

use tar::{EntryType, Header, PaxExtensions};

use crate::error::Error;

/// Everything in a tar file is in blocks of this size.
pub(crate) const BLOCK_BYTES: usize = 512;

/// Longest extended header or long name that is read. Paths are shorter.
const MAX_EXTENSION_BYTES: u64 = 64 * 1024;

/// What follows a header.
pub(super) enum Entry {
    /// The end of the archive.
    End,
    /// Bytes that are not needed, without the padding.
    Other(u64),
    /// A text about the next entry.
    Extension { kind: Extension, bytes: u64 },
    /// A file: its name without folders.
    File { name: String, size: u64 },
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Extension {
    Pax,
    LongName,
}

/// Reads headers. Keeps what an extension states about the next entry.
#[derive(Debug, Default)]
pub(super) struct TarHeaders {
    name: Option<Vec<u8>>,
    size: Option<u64>,
}

impl TarHeaders {
    /// Reads the header at byte `at` of the archive.
    pub(super) fn read(&mut self, block: &[u8], at: u64) -> Result<Entry, Error> {
        if block.iter().all(|byte| *byte == 0) {
            return Ok(Entry::End);
        }
        let broken = |what: &str| bad(format!("the entry at byte {at} {what}"));
        let header = Header::from_byte_slice(block);
        let mut correct = header.clone();
        correct.set_cksum();
        if header.cksum().ok() != correct.cksum().ok() {
            return Err(broken("is no tar header"));
        }
        let own_size = header
            .entry_size()
            .map_err(|_| broken("has a size that is no number"))?;
        let extension = match header.entry_type() {
            EntryType::XHeader => Some(Extension::Pax),
            EntryType::GNULongName => Some(Extension::LongName),
            EntryType::XGlobalHeader | EntryType::GNULongLink => return Ok(Entry::Other(own_size)),
            _ => None,
        };
        if let Some(kind) = extension {
            if own_size > MAX_EXTENSION_BYTES {
                return Err(broken("has an extended header that is too long"));
            }
            return Ok(Entry::Extension { kind, bytes: own_size });
        }
        let path = self.name.take().unwrap_or_else(|| header.path_bytes().into_owned());
        let size = self.size.take().unwrap_or(own_size);
        if header.entry_type() == EntryType::GNUSparse {
            return Err(broken("is a sparse file, which is not read"));
        }
        let path = String::from_utf8_lossy(&path);
        let name = path.rsplit('/').next().unwrap_or(&path).to_owned();
        let is_file = matches!(header.entry_type(), EntryType::Regular | EntryType::Continuous);
        // Some systems store the attributes of a file in another file whose name begins so.
        if !is_file || name.starts_with("._") {
            return Ok(Entry::Other(size));
        }
        Ok(Entry::File { name, size })
    }

    /// Reads the text of an extension.
    pub(super) fn read_extension(&mut self, kind: Extension, text: &[u8]) -> Result<(), Error> {
        if kind == Extension::LongName {
            self.name = Some(text.split(|byte| *byte == 0).next().unwrap_or_default().to_vec());
            return Ok(());
        }
        for extension in PaxExtensions::new(text) {
            let extension = extension.map_err(|_| bad("an extended header is malformed"))?;
            match extension.key_bytes() {
                b"path" => self.name = Some(extension.value_bytes().to_vec()),
                b"size" => {
                    let size = extension.value().ok().and_then(|value| value.parse().ok());
                    let problem = "an extended header has a size that is no number";
                    self.size = Some(size.ok_or_else(|| bad(problem))?);
                }
                _ => {}
            }
        }
        Ok(())
    }
}

pub(super) fn bad(problem: impl Into<String>) -> Error {
    Error::Archive {
        problem: problem.into(),
    }
}

/// Bytes between the end of `bytes` and the next block.
pub(super) fn padding(bytes: u64) -> u64 {
    let block = BLOCK_BYTES as u64;
    (block - bytes % block) % block
}

/// `bytes` and their padding.
pub(super) fn padded(bytes: u64) -> u64 {
    bytes.saturating_add(padding(bytes))
}
