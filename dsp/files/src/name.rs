use std::path::Path;

use heimdall_dsp::Hints;

/// Adds what the name of a file states: extensions, and a sample rate.
pub fn add_name(file: &Path, hints: &mut Hints) {
    if let Some(name) = file.file_name().and_then(|name| name.to_str()) {
        hints.add_file_name(name);
    }
}
