//! `--plot`: which picture goes where.

use std::collections::HashMap;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use heimdall_dsp::{Extraction, Overview};

use super::input;
use crate::plot;
use crate::plot::error::PictureError;
use crate::plot::input::PlotInput;

/// Where the picture of each file goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlotFiles {
    /// The recording's name and the picture's path.
    places: Vec<(String, PathBuf)>,
}

/// Why it is not clear where the pictures go. Nothing has been done yet.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlotPathError {
    /// One picture for several files.
    #[error("--plot {}: one picture, but {files} files: name a folder, such as pictures/", .out.display())]
    OnePicture {
        /// What was asked for.
        out: PathBuf,
        /// Files given.
        files: usize,
    },
    /// Neither a picture nor a folder.
    #[error("--plot {}: ends neither in .png nor in .svg, nor is it a folder (a new one is named with a / at the end)", .out.display())]
    Unknown {
        /// What was asked for.
        out: PathBuf,
    },
    /// The folder that the picture is to be in is not there.
    #[error("--plot {}: there is no folder {}", .out.display(), .folder.display())]
    NoFolder {
        /// What was asked for.
        out: PathBuf,
        /// What is missing.
        folder: PathBuf,
    },
    /// Two files of the same name from different folders.
    #[error("--plot {}: both {first} and {second} would become {}", .out.display(), .picture.display())]
    SameName {
        /// What was asked for.
        out: PathBuf,
        /// One file.
        first: String,
        /// The other.
        second: String,
        /// The picture of both.
        picture: PathBuf,
    },
}

/// Why a picture is not where it should be.
#[derive(Debug, thiserror::Error)]
pub enum PlotError {
    /// It could not be drawn.
    #[error(transparent)]
    Picture(#[from] PictureError),
    /// It could not be written.
    #[error("{}: {error}", .path.display())]
    Write {
        /// Where it should go.
        path: PathBuf,
        /// Why it does not.
        error: io::Error,
    },
}

impl PlotFiles {
    /// One file's picture is named; those of several go into a folder, as `NAME.png`.
    ///
    /// # Errors
    /// When it is not clear what goes where.
    pub fn plan(out: &Path, files: &[PathBuf]) -> Result<Self, PlotPathError> {
        let named_as_folder = out.as_os_str().as_encoded_bytes().ends_with(b"/");
        let places = if named_as_folder || out.is_dir() {
            folder(out, files)?
        } else if kind(out).is_none() {
            return Err(PlotPathError::Unknown { out: out.into() });
        } else if let [file] = files {
            vec![(input::name(file), out.into())]
        } else {
            return Err(PlotPathError::OnePicture {
                out: out.into(),
                files: files.len(),
            });
        };
        // A new folder is made; the one that it is in has to be there, as has that of a picture.
        let parent = out.parent().filter(|parent| !parent.as_os_str().is_empty());
        if let Some(parent) = parent.filter(|parent| !parent.is_dir()) {
            return Err(PlotPathError::NoFolder {
                out: out.into(),
                folder: parent.into(),
            });
        }
        Ok(Self { places })
    }

    /// Draws the picture of a file.
    pub(super) fn draw(&self, index: usize, overview: &Overview, extraction: &Extraction) -> Result<(), PlotError> {
        let (name, path) = &self.places[index];
        let subject = PlotInput {
            name: Path::new(name)
                .file_name()
                .and_then(|name| name.to_str())
                .unwrap_or(name),
            overview,
            interpretation: &extraction.interpretation,
            doubts: &extraction.inconsistencies,
            centre_hz: extraction.info.centre_frequency_hz,
        };
        let picture = match kind(path) {
            Some(Kind::Svg) => plot::svg(subject)?.into_bytes(),
            _ => plot::png(subject)?,
        };
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        parent
            .map_or(Ok(()), fs::create_dir_all)
            .and_then(|()| fs::write(path, picture))
            .map_err(|error| PlotError::Write {
                path: path.clone(),
                error,
            })
    }
}

/// Names within a folder: the whole file name and `.png`, so that `a.bin` and `a.cu8` have one each.
fn folder(out: &Path, files: &[PathBuf]) -> Result<Vec<(String, PathBuf)>, PlotPathError> {
    let mut taken: HashMap<PathBuf, String> = HashMap::new();
    let mut places = Vec::new();
    for file in files {
        let mut name = match file.file_name() {
            Some(name) if !input::is_stdin(file) => name.to_owned(),
            _ => OsString::from("stdin"),
        };
        name.push(".png");
        let picture = out.join(name);
        if let Some(first) = taken.insert(picture.clone(), input::name(file)) {
            return Err(PlotPathError::SameName {
                out: out.into(),
                first,
                second: input::name(file),
                picture,
            });
        }
        places.push((input::name(file), picture));
    }
    Ok(places)
}

/// Kinds of pictures.
enum Kind {
    Png,
    Svg,
}

fn kind(path: &Path) -> Option<Kind> {
    let extension = path.extension()?.to_str()?;
    if extension.eq_ignore_ascii_case("png") {
        return Some(Kind::Png);
    }
    extension.eq_ignore_ascii_case("svg").then_some(Kind::Svg)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(out: &str, files: &[&str]) -> Result<Vec<String>, String> {
        let files: Vec<PathBuf> = files.iter().map(PathBuf::from).collect();
        let planned = PlotFiles::plan(Path::new(out), &files).map_err(|error| error.to_string())?;
        let paths = planned.places.into_iter().map(|(_, path)| path.display().to_string());
        Ok(paths.collect())
    }

    #[test]
    fn one_file_has_a_named_picture_and_several_have_a_folder() {
        assert_eq!(plan("out.png", &["a.bin"]), Ok(vec!["out.png".to_owned()]));
        assert_eq!(plan("out.SVG", &["-"]), Ok(vec!["out.SVG".to_owned()]));
        let expected = ["new/a.bin.png", "new/a.cu8.png", "new/stdin.png"]
            .map(str::to_owned)
            .to_vec();
        assert_eq!(plan("new/", &["x/a.bin", "y/a.cu8", "-"]), Ok(expected));
        assert_eq!(plan("src", &["x/a.bin"]), Ok(vec!["src/a.bin.png".to_owned()]));
    }

    #[test]
    fn what_is_ambiguous_is_refused_by_name() {
        let cases = [
            plan("out.png", &["a.bin", "b.bin"]),
            plan("out.jpg", &["a.bin"]),
            plan("out", &["a.bin"]),
            plan("no/such/out.png", &["a.bin"]),
            plan("src/", &["x/a.bin", "y/a.bin"]),
        ];
        let expected = [
            "--plot out.png: one picture, but 2 files: name a folder, such as pictures/",
            "--plot out.jpg: ends neither in .png nor in .svg, nor is it a folder (a new one is named with a / at the end)",
            "--plot out: ends neither in .png nor in .svg, nor is it a folder (a new one is named with a / at the end)",
            "--plot no/such/out.png: there is no folder no/such",
            "--plot src/: both x/a.bin and y/a.bin would become src/a.bin.png",
        ];
        assert_eq!(cases, expected.map(|message| Err(message.to_owned())));
    }
}
