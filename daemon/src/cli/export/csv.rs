//! Samples as CSV (RFC 4180): null is an empty field, words are separated by spaces, times are of
//! ISO 8601.

use std::io::{self, Write};

use arrow_array::cast::AsArray as _;
use arrow_array::temporal_conversions::timestamp_us_to_datetime;
use arrow_array::types::{Float64Type, Int32Type, Int64Type, TimestampMicrosecondType};
use arrow_array::{Array, RecordBatch};
use arrow_schema::{DataType, Schema};

/// Writes the names of the columns.
pub(super) fn write_header(file: &mut impl Write, schema: &Schema) -> io::Result<()> {
    let names: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
    writeln!(file, "{}", names.join(","))
}

/// Writes a line for each row.
pub(super) fn write_rows(file: &mut impl Write, batch: &RecordBatch) -> io::Result<()> {
    for row in 0..batch.num_rows() {
        for (at, column) in batch.columns().iter().enumerate() {
            if at > 0 {
                file.write_all(b",")?;
            }
            if column.is_valid(row) {
                write_value(file, column.as_ref(), row)?;
            }
        }
        file.write_all(b"\n")?;
    }
    Ok(())
}

fn write_value(file: &mut impl Write, column: &dyn Array, row: usize) -> io::Result<()> {
    match column.data_type() {
        // The shortest digits that are this number, with an exponent where it is very large or small.
        DataType::Float64 => write!(file, "{:?}", column.as_primitive::<Float64Type>().value(row)),
        DataType::Int32 => write!(file, "{}", column.as_primitive::<Int32Type>().value(row)),
        DataType::Int64 => write!(file, "{}", column.as_primitive::<Int64Type>().value(row)),
        DataType::Boolean => write!(file, "{}", column.as_boolean().value(row)),
        DataType::Timestamp(..) => {
            let time = column.as_primitive::<TimestampMicrosecondType>().value(row);
            timestamp_us_to_datetime(time).map_or(Ok(()), |time| write!(file, "{time:?}Z"))
        }
        DataType::List(_) => {
            let words = column.as_list::<i32>().value(row);
            let words: Vec<&str> = words.as_string::<i32>().iter().flatten().collect();
            write_text(file, &words.join(" "))
        }
        _ => write_text(file, column.as_string::<i32>().value(row)),
    }
}

/// A text, in quotes where they are needed. An empty one has quotes, which tell it from null.
fn write_text(file: &mut impl Write, text: &str) -> io::Result<()> {
    if text.is_empty() || text.contains([',', '"', '\n', '\r']) {
        write!(file, "\"{}\"", text.replace('"', "\"\""))
    } else {
        file.write_all(text.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::builder::{ListBuilder, StringBuilder};
    use arrow_array::{ArrayRef, Float64Array, StringArray, TimestampMicrosecondArray};

    use super::*;

    #[test]
    fn each_value_can_be_read_back() {
        let mut words = ListBuilder::new(StringBuilder::new());
        words.append_value([Some("clipping"), Some("dc_spike")]);
        words.append_value([] as [Option<&str>; 0]);
        words.append_null();
        let times = vec![Some(0), Some(1_795_867_200_250_000), None];
        let columns: [(&str, ArrayRef); 4] = [
            (
                "number",
                Arc::new(Float64Array::from(vec![Some(0.1), Some(1e-300), None])),
            ),
            (
                "name",
                Arc::new(StringArray::from(vec![Some("a \"b\", c"), Some(""), None])),
            ),
            (
                "time",
                Arc::new(TimestampMicrosecondArray::from(times).with_timezone("UTC")),
            ),
            ("words", Arc::new(words.finish())),
        ];
        let batch = RecordBatch::try_from_iter(columns).expect("a batch");
        let mut text = Vec::new();
        write_header(&mut text, &batch.schema()).expect("written");
        write_rows(&mut text, &batch).expect("written");
        assert_eq!(
            String::from_utf8(text).expect("text"),
            "number,name,time,words\n\
             0.1,\"a \"\"b\"\", c\",1970-01-01T00:00:00Z,clipping dc_spike\n\
             1e-300,\"\",2026-11-28T12:00:00.250Z,\"\"\n\
             ,,,\n"
        );
    }
}
