//! Structs that are read from the rows of an answer.

/// Declares a public struct, and a constructor that reads each field from the column of its name.
macro_rules! row {
    ($(#[$meta:meta])* $name:ident { $($(#[$field_meta:meta])* $column:ident: $type:ty,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Debug)]
        pub struct $name { $($(#[$field_meta])* pub $column: $type,)* }

        impl $name {
            pub(crate) fn read(row: &tokio_postgres::Row) -> Result<Self, tokio_postgres::Error> {
                Ok(Self { $($column: row.try_get(stringify!($column))?,)* })
            }
        }
    };
}

pub(crate) use row;
