//! A table of segments that other libraries take through Arrow's C data interface.
//!
//! The interface: <https://arrow.apache.org/docs/format/CDataInterface/PyCapsuleInterface.html>

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::builder::{ListBuilder, StringBuilder};
use arrow_array::ffi::FFI_ArrowArray;
use arrow_array::ffi_stream::FFI_ArrowArrayStream;
use arrow_array::{
    Array, ArrayRef, BooleanArray, Float64Array, Int64Array, RecordBatch, RecordBatchIterator, StringArray, StructArray,
};
use arrow_schema::ffi::FFI_ArrowSchema;
use arrow_schema::{ArrowError, DataType, Field, Schema};
use heimdall_dsp::{VERSION, dictionary};
use numpy::{PyReadonlyArray2, PyUntypedArrayMethods};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyCapsule;

use crate::columns::{Column, columns};

/// Columns that are whole numbers.
const WHOLE: [&str; 2] = ["segment_index", "num_chunks"];

/// A table. Whoever takes it shares its memory.
#[pyclass(frozen, module = "heimdall_features._core")]
pub(crate) struct Table {
    batch: RecordBatch,
}

fn value_error(error: ArrowError) -> PyErr {
    PyValueError::new_err(error.to_string())
}

impl Table {
    /// The rows of `values`, with the number of the recording, the words of the warnings and the
    /// error of each.
    pub(crate) fn new(
        values: &PyReadonlyArray2<f64>,
        recordings: Vec<i64>,
        warnings: Vec<Option<Vec<String>>>,
        errors: Vec<(Option<String>, Option<String>)>,
    ) -> PyResult<Self> {
        let columns = columns();
        if values.shape().get(1) != Some(&columns.len()) {
            return Err(PyValueError::new_err("the array has another number of columns"));
        }
        let values = values.as_array();
        let mut fields = vec![Field::new("recording", DataType::Int64, false)];
        let mut arrays: Vec<ArrayRef> = vec![Arc::new(Int64Array::from(recordings))];
        for (column, values) in columns.iter().zip(values.columns()) {
            let array = array(column, values.iter().copied());
            let field = Field::new(&column.name, array.data_type().clone(), true);
            fields.push(field.with_metadata(metadata(column)));
            arrays.push(array);
        }
        let mut words = ListBuilder::new(StringBuilder::new());
        for row in warnings {
            words.append_option(row.map(|words| words.into_iter().map(Some)));
        }
        let (kinds, messages): (Vec<_>, Vec<_>) = errors.into_iter().unzip();
        let rest: [(&str, ArrayRef); 3] = [
            ("warnings", Arc::new(words.finish())),
            ("error_kind", Arc::new(StringArray::from(kinds))),
            ("error_message", Arc::new(StringArray::from(messages))),
        ];
        for (name, array) in rest {
            fields.push(Field::new(name, array.data_type().clone(), true));
            arrays.push(array);
        }
        let version = HashMap::from([("extractor_version".to_owned(), VERSION.to_owned())]);
        let schema = Arc::new(Schema::new(fields).with_metadata(version));
        let batch = RecordBatch::try_new(schema, arrays).map_err(value_error)?;
        Ok(Self { batch })
    }
}

/// A column's values. NaN becomes null.
fn array(column: &Column, values: impl Iterator<Item = f64>) -> ArrayRef {
    let known = values.map(|value| (!value.is_nan()).then_some(value));
    if column.unit == "boolean" {
        Arc::new(
            known
                .map(|value| value.map(|value| value > 0.5))
                .collect::<BooleanArray>(),
        )
    } else if WHOLE.contains(&column.number) {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "numbers of segments and chunks, below 2^31"
        )]
        Arc::new(
            known
                .map(|value| value.map(|value| value as i64))
                .collect::<Int64Array>(),
        )
    } else {
        Arc::new(known.collect::<Float64Array>())
    }
}

/// Unit and meaning, for the schema.
fn metadata(column: &Column) -> HashMap<String, String> {
    let entry = dictionary().find(|entry| entry.name == column.number && entry.set.name() == column.set);
    let texts = [
        ("unit", column.unit),
        ("set", column.set),
        ("statistic", column.statistic),
        ("definition", entry.map_or("", |entry| entry.definition)),
        ("bias", entry.map_or("", |entry| entry.bias)),
        ("source", entry.map_or("", |entry| entry.source)),
    ];
    let is_there = texts.into_iter().filter(|(_, text)| !text.is_empty());
    is_there.map(|(key, text)| (key.to_owned(), text.to_owned())).collect()
}

#[pymethods]
impl Table {
    fn __len__(&self) -> usize {
        self.batch.num_rows()
    }

    fn __arrow_c_schema__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyCapsule>> {
        let schema = FFI_ArrowSchema::try_from(self.batch.schema().as_ref()).map_err(value_error)?;
        PyCapsule::new_with_value(py, schema, c"arrow_schema")
    }

    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_array__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<Bound<'py, PyAny>>,
    ) -> PyResult<(Bound<'py, PyCapsule>, Bound<'py, PyCapsule>)> {
        // A producer may give its own schema instead.
        drop(requested_schema);
        let array = FFI_ArrowArray::new(&StructArray::from(self.batch.clone()).to_data());
        Ok((
            self.__arrow_c_schema__(py)?,
            PyCapsule::new_with_value(py, array, c"arrow_array")?,
        ))
    }

    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyCapsule>> {
        drop(requested_schema);
        let reader = RecordBatchIterator::new([Ok(self.batch.clone())], self.batch.schema());
        PyCapsule::new_with_value(py, FFI_ArrowArrayStream::new(Box::new(reader)), c"arrow_array_stream")
    }
}
