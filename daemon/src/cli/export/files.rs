//! A file of samples in each format.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use arrow_array::RecordBatch;
use arrow_ipc::writer::FileWriter;
use arrow_schema::SchemaRef;
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;
use serde::{Deserialize, Serialize};

use super::columns::Columns;
use super::csv;
use super::error::ExportError;

/// Rows of a group in a Parquet file. A group is in memory until it is written: about 20 MB.
const GROUP_ROWS: usize = 32_768;

/// The format of the files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Format {
    #[default]
    Parquet,
    Arrow,
    Csv,
}

impl Format {
    /// Name, which is also the extension of a file.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Parquet => "parquet",
            Self::Arrow => "arrow",
            Self::Csv => "csv",
        }
    }
}

/// A file that grows.
pub(super) enum SampleFile {
    Parquet(Box<ArrowWriter<File>>),
    Arrow(Box<FileWriter<BufWriter<File>>>),
    Csv(BufWriter<File>),
}

impl SampleFile {
    /// Creates the file, or empties it.
    pub(super) fn create(path: &Path, format: Format, schema: &SchemaRef) -> Result<Self, ExportError> {
        let file = File::create(path).map_err(ExportError::file(path))?;
        Ok(match format {
            Format::Parquet => {
                let properties = Some(properties(schema));
                Self::Parquet(Box::new(ArrowWriter::try_new(file, schema.clone(), properties)?))
            }
            Format::Arrow => Self::Arrow(Box::new(FileWriter::try_new(BufWriter::new(file), schema)?)),
            Format::Csv => {
                let mut file = BufWriter::new(file);
                csv::write_header(&mut file, schema).map_err(ExportError::file(path))?;
                Self::Csv(file)
            }
        })
    }

    /// Appends rows.
    pub(super) fn write(&mut self, path: &Path, batch: &RecordBatch) -> Result<(), ExportError> {
        match self {
            Self::Parquet(file) => file.write(batch)?,
            Self::Arrow(file) => file.write(batch)?,
            Self::Csv(file) => csv::write_rows(file, batch).map_err(ExportError::file(path))?,
        }
        Ok(())
    }

    /// Completes the file, and waits until the disk has it. Returns its size in bytes.
    pub(super) fn finish(self, path: &Path) -> Result<u64, ExportError> {
        let unbuffered = |file: BufWriter<File>| -> io::Result<File> {
            let mut file = file;
            file.flush()?;
            file.into_inner().map_err(io::IntoInnerError::into_error)
        };
        let file = match self {
            Self::Parquet(file) => file.into_inner()?,
            Self::Arrow(file) => unbuffered(file.into_inner()?).map_err(ExportError::file(path))?,
            Self::Csv(file) => unbuffered(file).map_err(ExportError::file(path))?,
        };
        let size = file.sync_all().and_then(|()| file.metadata());
        Ok(size.map_err(ExportError::file(path))?.len())
    }
}

/// Snappy, because every reader knows it and measured numbers hardly get smaller by any other.
/// Numbers that do not repeat get no dictionary, which would only cost memory.
fn properties(schema: &SchemaRef) -> WriterProperties {
    let mut properties = WriterProperties::builder()
        .set_created_by(concat!("heimdalld ", env!("CARGO_PKG_VERSION")).to_owned())
        .set_compression(Compression::SNAPPY)
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_max_row_group_row_count(Some(GROUP_ROWS));
    for name in Columns::names_without_repetition(schema) {
        properties = properties.set_column_dictionary_enabled(ColumnPath::from(name), false);
    }
    properties.build()
}
