//! The compiled part of the Python package `heimdall_features`.
//!
//! It passes bytes in and numbers out; the classes that users see are Python
//! (`heimdall_features/`). Every call that extracts releases the interpreter's lock.

#![expect(clippy::needless_pass_by_value, reason = "PyO3 passes arguments by value")]

mod columns;
mod division;
mod interrupts;
mod outcome;
mod samples;
mod source;
mod table;

use pyo3::prelude::*;

/// See the documentation of the crate.
#[pymodule]
mod _core {
    use std::path::PathBuf;

    use heimdall_dsp::{Hints, STANDARD_ERRORS, SampleFormat, VERSION, dictionary};
    use heimdall_files::FileError;
    use numpy::{PyReadonlyArray1, PyReadonlyArray2};
    use pyo3::exceptions::PyValueError;
    use pyo3::prelude::*;

    use crate::columns::columns;
    use crate::division::Division;
    use crate::outcome::{Features, Parts, parts};
    use crate::samples::{Samples, extract_all, with_workspace};
    use crate::source::{FileObject, extract_bytes, extract_object, extract_path};
    #[pymodule_export]
    use crate::table::Table;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("VERSION", VERSION)
    }

    fn format(name: &str) -> PyResult<SampleFormat> {
        name.parse()
            .map_err(|error: heimdall_dsp::UnknownFormat| PyValueError::new_err(error.to_string()))
    }

    /// Features of samples: their bytes, format and rate.
    #[pyfunction]
    fn extract<'py>(
        py: Python<'py>,
        bytes: PyReadonlyArray1<'py, u8>,
        format: &str,
        sample_rate_hz: f64,
        division: Division,
    ) -> PyResult<Parts<'py>> {
        let samples = Samples {
            bytes: bytes.as_slice()?,
            format: self::format(format)?,
            sample_rate_hz,
            grid: division.grid(),
        };
        let features = py.detach(|| with_workspace(|workspace| crate::samples::extract(samples, workspace)));
        parts(py, features)
    }

    /// The same of many recordings, on this many threads.
    #[pyfunction]
    fn extract_batch<'py>(
        py: Python<'py>,
        recordings: Vec<(PyReadonlyArray1<'py, u8>, String, f64)>,
        division: Division,
        threads: usize,
    ) -> PyResult<Vec<Parts<'py>>> {
        let samples = recordings.iter().map(|(bytes, format, sample_rate_hz)| {
            Ok(Samples {
                bytes: bytes.as_slice()?,
                format: self::format(format)?,
                sample_rate_hz: *sample_rate_hz,
                grid: division.grid(),
            })
        });
        let samples = samples.collect::<PyResult<Vec<_>>>()?;
        let results = py.detach(|| extract_all(&samples, threads))?;
        results.into_iter().map(|result| parts(py, result)).collect()
    }

    /// Where a recording is.
    #[derive(FromPyObject)]
    enum Source<'py> {
        /// Bytes, as an array.
        #[pyo3(transparent)]
        Bytes(PyReadonlyArray1<'py, u8>),
        #[pyo3(transparent)]
        Path(PathBuf),
        /// A file object.
        #[pyo3(transparent)]
        Object(Bound<'py, PyAny>),
    }

    /// Features of a recording in any format. `name` is the name of the file, where `source` is no
    /// path.
    #[pyfunction]
    fn read<'py>(
        py: Python<'py>,
        source: Source<'py>,
        name: Option<&str>,
        format: Option<&str>,
        sample_rate_hz: Option<f64>,
        division: Division,
    ) -> PyResult<Parts<'py>> {
        let mut hints = Hints::default();
        if let Some(format) = format {
            hints = hints.with_format(self::format(format)?, "argument");
        }
        if let Some(rate_hz) = sample_rate_hz {
            hints.add_sample_rate_hz(rate_hz, "argument");
        }
        if let Some(name) = name {
            hints.add_file_name(name);
        }
        let grid = division.grid();
        let extracted = match source {
            Source::Path(path) => py.detach(|| with_workspace(|own| extract_path(&path, hints, grid, own))),
            Source::Bytes(bytes) => {
                let bytes = bytes.as_slice()?;
                py.detach(|| with_workspace(|own| extract_bytes(bytes, hints, grid, own)))
            }
            Source::Object(object) => {
                let object = FileObject::new(object);
                py.detach(|| with_workspace(|own| extract_object(object, hints, grid, own)))
            }
        };
        match extracted {
            Ok(extraction) => parts(py, Features::of(&extraction)),
            Err(FileError::Recording(error)) => parts(py, Err(error.into())),
            Err(FileError::Read(error)) => Err(error.into()),
        }
    }

    /// The columns of a table: name, number, set, statistic, unit.
    #[pyfunction(name = "columns")]
    fn column_tuples() -> Vec<(String, &'static str, &'static str, &'static str, &'static str)> {
        let tuple = |column: &crate::columns::Column| {
            let name = column.name.clone();
            (name, column.number, column.set, column.statistic, column.unit)
        };
        columns().iter().map(tuple).collect()
    }

    /// Name, unit, definition, set, bias, source, and how the standard error follows.
    type Entry = (
        &'static str,
        &'static str,
        &'static str,
        &'static str,
        &'static str,
        &'static str,
        Option<&'static str>,
    );

    /// The dictionary.
    #[pyfunction(name = "dictionary")]
    fn entries() -> Vec<Entry> {
        let standard_error = |name| STANDARD_ERRORS.iter().find(|entry| entry.name == name);
        dictionary()
            .map(|entry| {
                (
                    entry.name,
                    entry.unit,
                    entry.definition,
                    entry.set.name(),
                    entry.bias,
                    entry.source,
                    standard_error(entry.name).map(|error| error.formula),
                )
            })
            .collect()
    }

    /// A table of rows, for Arrow.
    #[pyfunction]
    fn table(
        values: PyReadonlyArray2<'_, f64>,
        recordings: Vec<i64>,
        warnings: Vec<Option<Vec<String>>>,
        errors: Vec<(Option<String>, Option<String>)>,
    ) -> PyResult<Table> {
        Table::new(&values, recordings, warnings, errors)
    }
}
