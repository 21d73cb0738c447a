//! One declaration per option: name, type, default, documentation and what values are allowed in one place, so that the
//! struct, the check, the printed configuration and the README's table cannot differ.

macro_rules! section {
    ($(#[doc = $about:literal])* $name:ident {
        $($(#[doc = $doc:literal])* $field:ident: $kind:ty = $default:expr $(=> $range:expr)?;)*
    }) => {
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

            /// The options whose numbers are bounded: name, value, and what is allowed where it is not.
            pub(super) fn bounded(&self) -> Vec<super::range::Bounded> {
                vec![$($(super::range::Bounded::new::<$kind>(stringify!($field), &self.$field, $range),)?)*]
            }
        }
    };
}

pub(super) use section;
