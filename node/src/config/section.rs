//! One declaration per option: name, type, default and documentation in one place, so that the struct, the printed
//! configuration and the README's table cannot differ.

macro_rules! section {
    ($(#[doc = $about:literal])* $name:ident { $($(#[doc = $doc:literal])* $field:ident: $kind:ty = $default:expr;)* }) => {
        $(#[doc = $about])*
        #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct $name { $($(#[doc = $doc])* pub $field: $kind,)* }

        impl Default for $name {
            fn default() -> Self { $name { $($field: $default,)* } }
        }

        impl $name {
            /// What the section is about.
            pub const ABOUT: &'static str = concat!($($about),*);
            /// Name and documentation of every option of the section, in the order of declaration.
            pub const FIELDS: &'static [(&'static str, &'static str)] =
                &[$((stringify!($field), concat!($($doc),*)),)*];
        }
    };
}

pub(super) use section;
