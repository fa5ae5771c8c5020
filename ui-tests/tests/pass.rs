//! What must compile: one condition a file, each with a test of its own.

#![allow(
    missing_docs,
    missing_debug_implementations,
    unreachable_pub,
    dead_code,
    clippy::allow_attributes_without_reason,
    clippy::manual_async_fn,
    reason = "the cases are small user crates"
)]

pub mod cached {
    pub mod pass {
        pub mod argument_types;
        pub mod arguments_with_trailing_comma;
        pub mod attributes_kept;
        pub mod body_control_flow;
        pub mod body_with_items;
        pub mod bypass_and_refresh;
        pub mod cache_by_expression;
        pub mod cache_by_name;
        pub mod cfg_above_and_below;
        pub mod cfg_on_a_parameter;
        pub mod companions_by_another_name;
        pub mod companions_by_one_use;
        pub mod companions_switched_off;
        pub mod condition_closure;
        pub mod condition_path;
        pub mod each_of_every_kind;
        pub mod errors_kept_and_shared;
        pub mod expected_dead_code;
        pub mod freshness_of_every_kind;
        pub mod function_as_a_value;
        pub mod function_in_a_function;
        pub mod future_is_send;
        pub mod generic_constants;
        pub mod generic_impl_trait;
        pub mod generic_types;
        pub mod hygiene_of_names;
        pub mod hygiene_of_parameters;
        pub mod key_braces_escaped;
        pub mod key_of_a_path_type;
        pub mod key_of_an_expression;
        pub mod key_of_an_expression_inside;
        pub mod key_raw_at_the_end;
        pub mod library_by_another_path;
        pub mod lifetimes;
        pub mod lints_forbidden;
        pub mod method_associated;
        pub mod method_by_arc;
        pub mod method_by_reference;
        pub mod method_of_a_generic_type;
        pub mod method_with_a_cache_in_a_field;
        pub mod method_with_self_in_the_key;
        pub mod name_pinned;
        pub mod no_implicit_prelude;
        pub mod parameter_patterns;
        pub mod private_types;
        pub mod result_aliases;
        pub mod return_types;
        pub mod return_types_that_look_refused;
        pub mod returns_boxed_future;
        pub mod returns_future;
        pub mod returns_values_of_memory_only;
        pub mod returns_without_serde_rc;
        pub mod same_name_in_two_modules;
        pub mod self_in_an_item_of_the_body;
        pub mod skip_by_list_and_by_parameter;
        pub mod skip_of_what_cannot_be_in_a_key;
        pub mod strict_lints;
        pub mod strict_lints_of_methods;
        pub mod tags;
        pub mod times_by_value;
        pub mod trait_impl;
        pub mod trait_impl_of_a_foreign_type;
        pub mod trait_impl_without_companions;
        pub mod ttl_in_seconds;
        pub mod ttl_of_every_kind;
        pub mod types_of_common_names;
        pub mod unused_argument_of_the_key;
        pub mod version_in_the_key;
        pub mod visibility;
        pub mod written_by_a_macro;
    }
}

pub mod invalidate {
    pub mod pass {
        pub mod arguments_moved_by_the_body;
        pub mod attributes_kept;
        pub mod below_and_above_cached;
        pub mod body_control_flow;
        pub mod by_target_and_key;
        pub mod cache_of_the_key;
        pub mod future_is_send;
        pub mod generic;
        pub mod hygiene;
        pub mod lifetimes;
        pub mod methods;
        pub mod of_the_result;
        pub mod parameter_patterns;
        pub mod return_types;
        pub mod returns_future;
        pub mod targets_of_every_kind;
        pub mod when_and_where;
    }
}

pub mod key {
    pub mod pass {
        pub mod expressions;
        pub mod same_text_as_the_attribute;
    }
}

#[test]
fn every_case_is_listed_above() {
    let listed = include_str!("pass.rs");
    for folder in ["cached", "invalidate", "key"] {
        let folder = format!("{}/tests/{folder}/pass", env!("CARGO_MANIFEST_DIR"));
        for case in std::fs::read_dir(folder).unwrap() {
            let file = case.unwrap().file_name().into_string().unwrap();
            let module = format!(" mod {};", file.trim_end_matches(".rs"));
            assert!(listed.contains(&module), "{file} is not in tests/pass.rs");
        }
    }
}
