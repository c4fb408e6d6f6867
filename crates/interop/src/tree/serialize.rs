//! Any serialisable value as a [`Tree`], in the order of its fields, tuples apart from lists.

use std::fmt;

use serde::ser::{
    Error as _, Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant,
    SerializeTuple, SerializeTupleStruct, SerializeTupleVariant, Serializer,
};

use super::{Object, Tree, clean};

/// A value that has no form here: bytes, a number that is not finite, a key that is no text.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct TreeError(String);

impl serde::ser::Error for TreeError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

pub(crate) fn to_tree<T: Serialize + ?Sized>(value: &T) -> Result<Tree, TreeError> {
    value.serialize(Writer)
}

struct Writer;

/// Collects a list or tuple.
struct Items {
    items: Vec<Tree>,
    tuple: bool,
    variant: Option<&'static str>,
}

/// Collects a struct or map.
#[derive(Default)]
struct Members {
    object: Object,
    key: Option<String>,
    variant: Option<&'static str>,
}

/// The value of a variant, named by the variant.
fn named(variant: Option<&'static str>, value: Tree) -> Tree {
    match variant {
        Some(name) => Object(vec![(name.to_owned(), value)]).into(),
        None => value,
    }
}

fn number(text: &impl fmt::Display) -> Result<Tree, TreeError> {
    Ok(Tree::Number(text.to_string()))
}

fn members(variant: Option<&'static str>) -> Members {
    Members {
        variant,
        ..Members::default()
    }
}

const fn items(tuple: bool, variant: Option<&'static str>) -> Items {
    Items {
        items: Vec::new(),
        tuple,
        variant,
    }
}

impl Serializer for Writer {
    type Ok = Tree;
    type Error = TreeError;
    type SerializeSeq = Items;
    type SerializeTuple = Items;
    type SerializeTupleStruct = Items;
    type SerializeTupleVariant = Items;
    type SerializeMap = Members;
    type SerializeStruct = Members;
    type SerializeStructVariant = Members;

    fn serialize_bool(self, v: bool) -> Result<Tree, TreeError> {
        Ok(Tree::Bool(v))
    }
    fn serialize_i8(self, v: i8) -> Result<Tree, TreeError> {
        number(&v)
    }
    fn serialize_i16(self, v: i16) -> Result<Tree, TreeError> {
        number(&v)
    }
    fn serialize_i32(self, v: i32) -> Result<Tree, TreeError> {
        number(&v)
    }
    fn serialize_i64(self, v: i64) -> Result<Tree, TreeError> {
        number(&v)
    }
    fn serialize_u8(self, v: u8) -> Result<Tree, TreeError> {
        number(&v)
    }
    fn serialize_u16(self, v: u16) -> Result<Tree, TreeError> {
        number(&v)
    }
    fn serialize_u32(self, v: u32) -> Result<Tree, TreeError> {
        number(&v)
    }
    fn serialize_u64(self, v: u64) -> Result<Tree, TreeError> {
        number(&v)
    }
    fn serialize_f32(self, v: f32) -> Result<Tree, TreeError> {
        self.serialize_f64(f64::from(v))
    }
    fn serialize_f64(self, v: f64) -> Result<Tree, TreeError> {
        match serde_json::Number::from_f64(v) {
            Some(finite) => number(&finite),
            None => Err(TreeError::custom("a number is not finite")),
        }
    }
    fn serialize_char(self, v: char) -> Result<Tree, TreeError> {
        self.serialize_str(v.encode_utf8(&mut [0; 4]))
    }
    fn serialize_str(self, v: &str) -> Result<Tree, TreeError> {
        Ok(Tree::Text(clean(v)))
    }
    fn serialize_bytes(self, _: &[u8]) -> Result<Tree, TreeError> {
        Err(TreeError::custom("bytes have no form here"))
    }
    fn serialize_none(self) -> Result<Tree, TreeError> {
        Ok(Tree::Null)
    }
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<Tree, TreeError> {
        value.serialize(self)
    }
    fn serialize_unit(self) -> Result<Tree, TreeError> {
        Ok(Tree::Null)
    }
    fn serialize_unit_struct(self, _: &'static str) -> Result<Tree, TreeError> {
        Ok(Tree::Null)
    }
    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<Tree, TreeError> {
        self.serialize_str(variant)
    }
    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<Tree, TreeError> {
        value.serialize(self)
    }
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<Tree, TreeError> {
        Ok(named(Some(variant), value.serialize(self)?))
    }
    fn serialize_seq(self, _: Option<usize>) -> Result<Items, TreeError> {
        Ok(items(false, None))
    }
    fn serialize_tuple(self, _: usize) -> Result<Items, TreeError> {
        Ok(items(true, None))
    }
    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Items, TreeError> {
        Ok(items(true, None))
    }
    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Items, TreeError> {
        Ok(items(true, Some(variant)))
    }
    fn serialize_map(self, _: Option<usize>) -> Result<Members, TreeError> {
        Ok(members(None))
    }
    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Members, TreeError> {
        Ok(members(None))
    }
    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Members, TreeError> {
        Ok(members(Some(variant)))
    }
}

impl Items {
    fn push<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), TreeError> {
        self.items.push(value.serialize(Writer)?);
        Ok(())
    }

    fn done(self) -> Tree {
        let value = if self.tuple {
            Tree::Tuple(self.items)
        } else {
            Tree::List(self.items)
        };
        named(self.variant, value)
    }
}

impl Members {
    fn push<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) -> Result<(), TreeError> {
        self.object.0.push((name.to_owned(), value.serialize(Writer)?));
        Ok(())
    }

    fn done(self) -> Tree {
        named(self.variant, self.object.into())
    }
}

macro_rules! of_items {
    ($($trait:ident $method:ident),*) => {$(
        impl $trait for Items {
            type Ok = Tree;
            type Error = TreeError;
            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), TreeError> {
                self.push(value)
            }
            fn end(self) -> Result<Tree, TreeError> {
                Ok(self.done())
            }
        }
    )*};
}

of_items!(
    SerializeSeq serialize_element,
    SerializeTuple serialize_element,
    SerializeTupleStruct serialize_field,
    SerializeTupleVariant serialize_field
);

macro_rules! of_members {
    ($($trait:ident),*) => {$(
        impl $trait for Members {
            type Ok = Tree;
            type Error = TreeError;
            fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), TreeError> {
                self.push(name, value)
            }
            fn end(self) -> Result<Tree, TreeError> {
                Ok(self.done())
            }
        }
    )*};
}

of_members!(SerializeStruct, SerializeStructVariant);

impl SerializeMap for Members {
    type Ok = Tree;
    type Error = TreeError;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), TreeError> {
        match key.serialize(Writer)? {
            Tree::Text(text) | Tree::Number(text) => self.key = Some(text),
            _ => return Err(TreeError::custom("a key is no text")),
        }
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), TreeError> {
        let key = self
            .key
            .take()
            .ok_or_else(|| TreeError::custom("a value without key"))?;
        self.push(&key, value)
    }

    fn end(self) -> Result<Tree, TreeError> {
        Ok(self.done())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Serialize;

    use super::*;

    #[derive(Serialize)]
    #[serde(rename_all = "snake_case")]
    enum Kind {
        Plain,
        With { a: u8 },
        New(bool),
        Pair(u8, i64),
    }

    #[derive(Serialize)]
    struct Inner {
        z: f64,
        a: Option<u8>,
    }

    #[derive(Serialize)]
    struct All {
        list: Vec<Kind>,
        pair: (String, u32),
        #[serde(flatten)]
        inner: Inner,
        map: BTreeMap<u8, char>,
        control: &'static str,
    }

    #[test]
    fn order_is_kept_and_json_is_that_of_serde() {
        let value = All {
            list: vec![
                Kind::Plain,
                Kind::With { a: 1 },
                Kind::New(true),
                Kind::Pair(1, -2),
            ],
            pair: ("甲\"".to_owned(), 7),
            inner: Inner { z: 1.5, a: None },
            map: BTreeMap::from([(2, 'x')]),
            control: "a\nb",
        };
        let tree = to_tree(&value).unwrap();
        assert_eq!(tree.to_json(), serde_json::to_string(&value).unwrap());
        assert!(matches!(&tree, Tree::Object(o) if matches!(o.get("pair"), Some(Tree::Tuple(_)))));
        assert!(to_tree(&f64::NAN).is_err());
        assert_eq!(
            to_tree("a\u{0}b\u{ffff}").unwrap(),
            Tree::Text("a\u{fffd}b\u{fffd}".to_owned())
        );
    }
}
