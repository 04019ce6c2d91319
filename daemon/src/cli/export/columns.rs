//! The columns of exported samples: those of the view, and the slot of the receiver.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use tokio_postgres::{Column as ViewColumn, Row};

use super::builders::{Builder, Kind};
use super::error::ExportError;

/// The column that is not in the view.
const SLOT: &str = "slot";
/// It stands after this one.
const RECEIVER: &str = "rx_id";
/// Columns that are the same for all receivers in a second.
const SHARED: [&str; 9] = [
    "recording_session_id",
    "second",
    "timestamp",
    "frequency_hz",
    "tx_known",
    "tx_latitude",
    "tx_longitude",
    "tx_altitude_m",
    "tx_power_dbm",
];

/// What a column means, for the schema: `unit`, `definition` and others, by name.
pub(super) type Meaning = HashMap<String, String>;

struct Column {
    field: Field,
    kind: Kind,
    /// Its place in a row of the statement.
    at: usize,
    is_shared: bool,
}

/// The columns, in their order.
pub(super) struct Columns {
    all: Vec<Column>,
    second: usize,
    receiver: usize,
}

impl Columns {
    /// Those of a statement, whose first column is the place of the session.
    ///
    /// # Errors
    /// When a column has a type that is not known here, or one is missing.
    pub(super) fn new(found: &[ViewColumn], meanings: &HashMap<String, Meaning>) -> Result<Self, ExportError> {
        let mut columns = Vec::new();
        let (mut second, mut receiver) = (None, None);
        for (at, column) in found.iter().enumerate().skip(1) {
            let name = column.name();
            let kind = Kind::of(column.type_())
                .ok_or_else(|| ExportError::View(format!("{name} has the type {}", column.type_())))?;
            let meaning = meanings.get(name).cloned().unwrap_or_default();
            columns.push(Column {
                field: Field::new(name, kind.data_type(), true).with_metadata(meaning),
                kind,
                at,
                is_shared: SHARED.contains(&name),
            });
            if name == "second" {
                second = Some(at);
            }
            if name == RECEIVER {
                receiver = Some(at);
                columns.push(Column {
                    field: Field::new(SLOT, DataType::Int32, false).with_metadata(slot_meaning()),
                    kind: Kind::Slot,
                    at,
                    is_shared: false,
                });
            }
        }
        let (Some(second), Some(receiver)) = (second, receiver) else {
            return Err(ExportError::View("it has no columns second and rx_id".to_owned()));
        };
        Ok(Self {
            all: columns,
            second,
            receiver,
        })
    }

    /// Their names.
    pub(super) fn names(&self) -> Vec<String> {
        self.all.iter().map(|column| column.field.name().clone()).collect()
    }

    /// Names of the columns whose values are mostly different, so that a dictionary of them is of no
    /// use.
    pub(super) fn names_without_repetition(schema: &Schema) -> impl Iterator<Item = &str> {
        let differs = |field: &&Arc<Field>| *field.data_type() == DataType::Float64 || field.name() == "measurement_id";
        schema
            .fields()
            .iter()
            .filter(differs)
            .map(|field| field.name().as_str())
    }

    /// The schema of a file, with these texts about the whole.
    pub(super) fn schema(&self, about: HashMap<String, String>) -> SchemaRef {
        let fields: Vec<Field> = self.all.iter().map(|column| column.field.clone()).collect();
        Arc::new(Schema::new(fields).with_metadata(about))
    }

    /// Number of the session, number of the second, and receiver of a row.
    pub(super) fn place<'a>(&self, row: &'a Row) -> Result<(i64, i32, &'a str), ExportError> {
        Ok((row.try_get(0)?, row.try_get(self.second)?, row.try_get(self.receiver)?))
    }
}

fn slot_meaning() -> Meaning {
    let definition = "Place of the receiver among the receivers, the same in all files of an export.";
    Meaning::from([("definition".to_owned(), definition.to_owned())])
}

/// Rows that become a batch.
pub(super) struct Rows<'a> {
    columns: &'a Columns,
    schema: SchemaRef,
    builders: Vec<Builder>,
    count: usize,
}

impl<'a> Rows<'a> {
    pub(super) fn new(columns: &'a Columns, schema: SchemaRef) -> Self {
        let builders = columns.all.iter().map(|column| Builder::new(column.kind));
        Self {
            columns,
            schema,
            builders: builders.collect(),
            count: 0,
        }
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.count
    }

    /// Appends a second: a row for each slot. A receiver without a sample gets what is the same for
    /// all receivers, its name and its slot, and nulls.
    pub(super) fn push(&mut self, second: &[Option<Row>], receivers: &[String]) -> Result<(), ExportError> {
        let any = second.iter().flatten().next();
        for ((row, receiver), slot) in second.iter().zip(receivers).zip(0_i32..) {
            for (column, builder) in self.columns.all.iter().zip(&mut self.builders) {
                match builder {
                    Builder::Integer(builder) if column.kind == Kind::Slot => builder.append_value(slot),
                    Builder::Text(builder) if column.at == self.columns.receiver => builder.append_value(receiver),
                    builder if column.is_shared => builder.append(row.as_ref().or(any), column.at)?,
                    builder => builder.append(row.as_ref(), column.at)?,
                }
            }
            self.count += 1;
        }
        Ok(())
    }

    /// The batch. What follows begins a new one.
    pub(super) fn finish(&mut self) -> Result<RecordBatch, ExportError> {
        self.count = 0;
        let arrays = self.builders.iter_mut().map(Builder::finish).collect();
        Ok(RecordBatch::try_new(Arc::clone(&self.schema), arrays)?)
    }
}
