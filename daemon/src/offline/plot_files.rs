//! `--plot`: the path of each plot.

use std::collections::HashMap;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use heimdall_dsp::{Extraction, Overview};

use super::error::OfflineError;
use super::input;
use crate::plot;
use crate::plot::input::PlotInput;

/// The path of each file's plot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlotFiles {
    /// Name of the recording and path of its plot.
    plots: Vec<(String, PathBuf)>,
}

/// Why `--plot` cannot be used with these files. Nothing was extracted.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("--plot {}: {problem}", .out.display())]
pub struct PlotPathError {
    out: PathBuf,
    problem: String,
}

impl PlotFiles {
    /// Chooses the path of each plot. For one file, `out` is the plot or a folder; for several
    /// files it must be a folder, which gets a `NAME.png` for each.
    ///
    /// # Errors
    /// When `out` does not fit the files, or its folder does not exist.
    pub fn plan(out: &Path, files: &[PathBuf]) -> Result<Self, PlotPathError> {
        match plan(out, files) {
            Ok(plots) => Ok(Self { plots }),
            Err(problem) => Err(PlotPathError {
                out: out.into(),
                problem,
            }),
        }
    }

    /// Draws and writes the plot of a file.
    pub(super) fn draw(&self, index: usize, overview: &Overview, extraction: &Extraction) -> Result<(), OfflineError> {
        let (name, path) = &self.plots[index];
        let subject = PlotInput {
            name: Path::new(name)
                .file_name()
                .and_then(|name| name.to_str())
                .unwrap_or(name),
            overview,
            interpretation: &extraction.interpretation,
            inconsistencies: &extraction.inconsistencies,
            centre_hz: extraction.info.centre_frequency_hz,
        };
        let plot = match kind(path) {
            Some(Kind::Svg) => plot::svg(subject)?.into_bytes(),
            _ => plot::png(subject)?,
        };
        parent(path)
            .map_or(Ok(()), fs::create_dir_all)
            .and_then(|()| fs::write(path, plot))
            .map_err(|error| OfflineError::WritePlot {
                path: path.clone(),
                error,
            })
    }
}

fn plan(out: &Path, files: &[PathBuf]) -> Result<Vec<(String, PathBuf)>, String> {
    let named_as_folder = out.as_os_str().as_encoded_bytes().ends_with(b"/");
    let plots = if named_as_folder || out.is_dir() {
        plan_folder(out, files)?
    } else if kind(out).is_none() {
        return Err(
            "ends neither in .png nor in .svg, and is not a folder (end the name of a new one with /)".to_owned(),
        );
    } else if let [file] = files {
        vec![(input::name(file), out.into())]
    } else {
        let count = files.len();
        return Err(format!("one plot, but {count} files: name a folder, such as plots/"));
    };
    // `out` is created if it is a folder, but its parent must exist.
    match parent(out) {
        Some(folder) if !folder.is_dir() => Err(format!("there is no folder {}", folder.display())),
        _ => Ok(plots),
    }
}

/// Appends `.png` to the whole file name, so that `a.bin` and `a.cu8` have different plots.
fn plan_folder(out: &Path, files: &[PathBuf]) -> Result<Vec<(String, PathBuf)>, String> {
    let mut used: HashMap<PathBuf, String> = HashMap::new();
    let mut plots = Vec::new();
    for file in files {
        let mut name = match file.file_name() {
            Some(name) if !input::is_stdin(file) => name.to_owned(),
            _ => OsString::from("stdin"),
        };
        name.push(".png");
        let plot = out.join(name);
        let file = input::name(file);
        if let Some(first) = used.insert(plot.clone(), file.clone()) {
            return Err(format!("both {first} and {file} would become {}", plot.display()));
        }
        plots.push((file, plot));
    }
    Ok(plots)
}

fn parent(path: &Path) -> Option<&Path> {
    path.parent().filter(|parent| !parent.as_os_str().is_empty())
}

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
        let paths = planned.plots.into_iter().map(|(_, path)| path.display().to_string());
        Ok(paths.collect())
    }

    #[test]
    fn one_file_has_a_named_plot_and_several_have_a_folder() {
        assert_eq!(plan("out.png", &["a.bin"]), Ok(vec!["out.png".to_owned()]));
        assert_eq!(plan("out.SVG", &["-"]), Ok(vec!["out.SVG".to_owned()]));
        let expected = ["new/a.bin.png", "new/a.cu8.png", "new/stdin.png"]
            .map(str::to_owned)
            .to_vec();
        assert_eq!(plan("new/", &["x/a.bin", "y/a.cu8", "-"]), Ok(expected));
        assert_eq!(plan("src", &["x/a.bin"]), Ok(vec!["src/a.bin.png".to_owned()]));
    }

    #[test]
    fn unclear_paths_are_refused_with_the_name() {
        let cases = [
            plan("out.png", &["a.bin", "b.bin"]),
            plan("out.jpg", &["a.bin"]),
            plan("out", &["a.bin"]),
            plan("no/such/out.png", &["a.bin"]),
            plan("src/", &["x/a.bin", "y/a.bin"]),
        ];
        let expected = [
            "--plot out.png: one plot, but 2 files: name a folder, such as plots/",
            "--plot out.jpg: ends neither in .png nor in .svg, and is not a folder (end the name of a new one with /)",
            "--plot out: ends neither in .png nor in .svg, and is not a folder (end the name of a new one with /)",
            "--plot no/such/out.png: there is no folder no/such",
            "--plot src/: both x/a.bin and y/a.bin would become src/a.bin.png",
        ];
        assert_eq!(cases, expected.map(|message| Err(message.to_owned())));
    }
}
