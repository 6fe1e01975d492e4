//! What a statement is given: a value that knows its type.
//!
//! Behind a pooler in transaction mode nothing can be prepared by name, and asking the server for the types of a
//! statement costs a round trip. So a value says itself which type it is sent as.

use jiff::Timestamp;
use serde_json::Value;
use tokio_postgres::types::{ToSql, Type};
use uuid::Uuid;

/// A value, with the type it is sent as.
pub(crate) trait Parameter: Sync {
    /// The value.
    fn value(&self) -> &(dyn ToSql + Sync);
    /// Its type.
    fn sql_type(&self) -> Type;
}

/// The values of a statement, in order.
pub(crate) type Params<'a> = &'a [&'a dyn Parameter];

/// The values, for a statement whose types the server knows.
pub(crate) fn values(params: Params<'_>) -> Vec<&(dyn ToSql + Sync)> {
    params.iter().map(|parameter| parameter.value()).collect()
}

/// The values with their types, for a statement that the server has not seen before.
pub(crate) fn typed(params: Params<'_>) -> Vec<(&(dyn ToSql + Sync), Type)> {
    params.iter().map(|parameter| (parameter.value(), parameter.sql_type())).collect()
}

impl<T: ToSql + Sync + SqlType> Parameter for T {
    fn value(&self) -> &(dyn ToSql + Sync) {
        self
    }

    fn sql_type(&self) -> Type {
        T::TYPE
    }
}

/// The one type that a Rust type is sent as.
pub(crate) trait SqlType {
    const TYPE: Type;
}

/// A type that stands in arrays.
pub(crate) trait Element: SqlType {
    const ARRAY: Type;
}

macro_rules! sql_types {
    ($($rust:ty: $one:ident, $many:ident;)+) => {$(
        impl SqlType for $rust {
            const TYPE: Type = Type::$one;
        }
        impl Element for $rust {
            const ARRAY: Type = Type::$many;
        }
    )+};
}

sql_types! {
    bool: BOOL, BOOL_ARRAY;
    i16: INT2, INT2_ARRAY;
    i32: INT4, INT4_ARRAY;
    i64: INT8, INT8_ARRAY;
    f32: FLOAT4, FLOAT4_ARRAY;
    f64: FLOAT8, FLOAT8_ARRAY;
    str: TEXT, TEXT_ARRAY;
    String: TEXT, TEXT_ARRAY;
    Uuid: UUID, UUID_ARRAY;
    Timestamp: TIMESTAMPTZ, TIMESTAMPTZ_ARRAY;
    Value: JSONB, JSONB_ARRAY;
}

impl<T: SqlType + ?Sized> SqlType for &T {
    const TYPE: Type = T::TYPE;
}

impl<T: Element + ?Sized> Element for &T {
    const ARRAY: Type = T::ARRAY;
}

impl<T: SqlType> SqlType for Option<T> {
    const TYPE: Type = T::TYPE;
}

impl<T: Element> Element for Option<T> {
    const ARRAY: Type = T::ARRAY;
}

impl<T: Element> SqlType for [T] {
    const TYPE: Type = T::ARRAY;
}

impl<T: Element> SqlType for Vec<T> {
    const TYPE: Type = T::ARRAY;
}
