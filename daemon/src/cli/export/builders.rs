//! Values of the database's types as arrays.

use std::sync::Arc;

use arrow_array::ArrayRef;
use arrow_array::builder::{
    BooleanBuilder, Float64Builder, Int32Builder, Int64Builder, ListBuilder, StringBuilder, TimestampMicrosecondBuilder,
};
use arrow_schema::{DataType, Field, TimeUnit};
use serde_json::Value;
use tokio_postgres::Row;
use tokio_postgres::types::{FromSql, FromSqlOwned, Type};
use uuid::Uuid;

/// The type of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Number,
    Integer,
    Long,
    Truth,
    Time,
    Text,
    Id,
    /// A JSON array of words.
    Words,
    Slot,
}

impl Kind {
    /// Of a column of the view; `None` for a type that no column has.
    pub(super) fn of(type_: &Type) -> Option<Self> {
        Some(match *type_ {
            Type::FLOAT8 => Self::Number,
            Type::INT4 => Self::Integer,
            Type::INT8 => Self::Long,
            Type::BOOL => Self::Truth,
            Type::TIMESTAMPTZ => Self::Time,
            Type::TEXT => Self::Text,
            Type::UUID => Self::Id,
            Type::JSONB => Self::Words,
            _ => return None,
        })
    }

    /// Its type in a file.
    pub(super) fn data_type(self) -> DataType {
        match self {
            Self::Number => DataType::Float64,
            Self::Integer | Self::Slot => DataType::Int32,
            Self::Long => DataType::Int64,
            Self::Truth => DataType::Boolean,
            Self::Time => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
            Self::Text | Self::Id => DataType::Utf8,
            Self::Words => DataType::List(Arc::new(Field::new("item", DataType::Utf8, true))),
        }
    }
}

/// Microseconds since 1970, of a time of `PostgreSQL`.
struct Microseconds(Option<i64>);

impl<'a> FromSql<'a> for Microseconds {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        /// From 1970 to 2000.
        const EPOCH: i64 = 946_684_800_000_000;
        let since_2000 = i64::from_be_bytes(raw.try_into()?);
        let is_finite = since_2000 != i64::MIN && since_2000 != i64::MAX;
        Ok(Self(since_2000.checked_add(EPOCH).filter(|_| is_finite)))
    }

    fn accepts(type_: &Type) -> bool {
        *type_ == Type::TIMESTAMPTZ
    }
}

/// The values of a column that become an array.
pub(super) enum Builder {
    Number(Float64Builder),
    Integer(Int32Builder),
    Long(Int64Builder),
    Truth(BooleanBuilder),
    Time(TimestampMicrosecondBuilder),
    Text(StringBuilder),
    Id(StringBuilder),
    Words(ListBuilder<StringBuilder>),
}

impl Builder {
    pub(super) fn new(kind: Kind) -> Self {
        match kind {
            Kind::Number => Self::Number(Float64Builder::new()),
            Kind::Integer | Kind::Slot => Self::Integer(Int32Builder::new()),
            Kind::Long => Self::Long(Int64Builder::new()),
            Kind::Truth => Self::Truth(BooleanBuilder::new()),
            Kind::Time => Self::Time(TimestampMicrosecondBuilder::new().with_timezone("UTC")),
            Kind::Text => Self::Text(StringBuilder::new()),
            Kind::Id => Self::Id(StringBuilder::new()),
            Kind::Words => Self::Words(ListBuilder::new(StringBuilder::new())),
        }
    }

    /// Appends the value of a row; null without a row.
    pub(super) fn append(&mut self, row: Option<&Row>, at: usize) -> Result<(), tokio_postgres::Error> {
        match self {
            Self::Number(builder) => builder.append_option(value(row, at)?),
            Self::Integer(builder) => builder.append_option(value(row, at)?),
            Self::Long(builder) => builder.append_option(value(row, at)?),
            Self::Truth(builder) => builder.append_option(value(row, at)?),
            Self::Time(builder) => builder.append_option(value(row, at)?.and_then(|Microseconds(time)| time)),
            Self::Text(builder) => match row {
                Some(row) => builder.append_option(row.try_get::<_, Option<&str>>(at)?),
                None => builder.append_null(),
            },
            Self::Id(builder) => match value::<Uuid>(row, at)? {
                Some(id) => builder.append_value(id.hyphenated().encode_lower(&mut Uuid::encode_buffer())),
                None => builder.append_null(),
            },
            Self::Words(builder) => match value::<Value>(row, at)? {
                Some(Value::Array(words)) => {
                    builder.append_value(words.iter().map(|word| word.as_str().map(str::to_owned)));
                }
                _ => builder.append_null(),
            },
        }
        Ok(())
    }

    pub(super) fn finish(&mut self) -> ArrayRef {
        match self {
            Self::Number(builder) => Arc::new(builder.finish()),
            Self::Integer(builder) => Arc::new(builder.finish()),
            Self::Long(builder) => Arc::new(builder.finish()),
            Self::Truth(builder) => Arc::new(builder.finish()),
            Self::Time(builder) => Arc::new(builder.finish()),
            Self::Text(builder) | Self::Id(builder) => Arc::new(builder.finish()),
            Self::Words(builder) => Arc::new(builder.finish()),
        }
    }
}

fn value<T: FromSqlOwned>(row: Option<&Row>, at: usize) -> Result<Option<T>, tokio_postgres::Error> {
    row.map_or(Ok(None), |row| row.try_get(at))
}
