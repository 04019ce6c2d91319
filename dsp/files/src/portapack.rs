//! The text next to a file of `PortaPack`.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use heimdall_dsp::{Hints, portapack};

/// Adds the text next to the file to the hints, if the file is one of `PortaPack`'s and nothing
/// else states its sample rate. Names may differ in letter case.
///
/// # Errors
/// When the text cannot be read.
pub fn add_text(file: &Path, hints: &mut Hints) -> io::Result<()> {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    if !hints.needs_portapack_text(&name) {
        return Ok(());
    }
    // A name in the same case counts more than one in another case.
    let exact = portapack::text_names(&name)
        .into_iter()
        .map(|name| file.with_file_name(name));
    let text = exact.into_iter().find(|path| path.is_file()).or_else(|| {
        let folder = file.parent().filter(|parent| !parent.as_os_str().is_empty());
        let entries = fs::read_dir(folder.unwrap_or(Path::new("."))).ok()?;
        let paths = entries.filter_map(|entry| entry.ok().map(|entry| entry.path()));
        let is_text = |path: &Path| {
            let other = path.file_name().unwrap_or_default().to_string_lossy();
            portapack::is_text_of(&other, &name) && path.is_file()
        };
        // The order in a folder is any.
        paths.filter(|path| is_text(path)).min()
    });
    let Some(path) = text else { return Ok(()) };
    let mut text = Vec::new();
    File::open(path)?
        .take(portapack::MAX_TEXT_BYTES as u64)
        .read_to_end(&mut text)?;
    hints.add_portapack_text(&text);
    Ok(())
}
