//! `HeaderMutation` and `HeaderMutationPerRoute`: changes in the order in which they are written.

use super::{flag, list};
use crate::model::Problem;
use crate::model::yaml::{Fields, Node};
use crate::proxy::config::change::{Addition, Append, read_addition, read_append};
use crate::proxy::config::matching::{TextMatch, read_text_match};
use crate::proxy::config::{Format, not_one_of, refuse};

/// The filter's settings.
#[derive(Clone, Debug)]
pub(crate) struct HeaderMutation {
    /// `mutations`.
    pub(crate) mutations: Mutations,
    /// `most_specific_header_mutations_wins`: the route's changes come last, not first.
    pub(crate) specific_last: bool,
}

/// `Mutations`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Mutations {
    /// `request_mutations`.
    pub(crate) request: Vec<Mutation>,
    /// `query_parameter_mutations`, after those of headers.
    pub(crate) query: Vec<Parameter>,
    /// `response_mutations`.
    pub(crate) response: Vec<Mutation>,
}

/// `envoy.config.common.mutation_rules.v3.HeaderMutation`.
#[derive(Clone, Debug)]
pub(crate) enum Mutation {
    /// `append`.
    Append(Addition),
    /// `remove`.
    Remove(String),
    /// `remove_on_match`: every header whose name matches.
    RemoveMatching(TextMatch),
}

/// `KeyValueMutation` of a query parameter.
#[derive(Clone, Debug)]
pub(crate) enum Parameter {
    /// `append`.
    Append(String, Format, Append),
    /// `remove`.
    Remove(String),
}

impl HeaderMutation {
    /// Reads the message's fields.
    pub(super) fn read(fields: &mut Fields<'_>) -> Result<Self, Problem> {
        Ok(Self {
            mutations: read_field(fields)?,
            specific_last: flag(fields, "most_specific_header_mutations_wins")?,
        })
    }
}

/// `mutations`, which may be left out.
pub(super) fn read_field(fields: &mut Fields<'_>) -> Result<Mutations, Problem> {
    let Some(node) = fields.take("mutations") else {
        return Ok(Mutations::default());
    };
    let mut fields = Fields::of_message(node)?;
    let mut headers = |name| -> Result<Vec<Mutation>, Problem> {
        let items = list(&mut fields, name)?;
        items.iter().map(read_mutation).collect()
    };
    let request = headers("request_mutations")?;
    let response = headers("response_mutations")?;
    let query = list(&mut fields, "query_parameter_mutations")?;
    refuse(
        &fields,
        &["request_trailers_mutations", "response_trailers_mutations"],
        "header mutations",
    )?;
    fields.finish()?;
    Ok(Mutations {
        request,
        query: query.iter().map(read_parameter).collect::<Result<_, _>>()?,
        response,
    })
}

fn read_mutation(node: &Node) -> Result<Mutation, Problem> {
    let mut fields = Fields::of_message(node)?;
    let append = fields.take("append");
    let remove = fields.take("remove");
    let matching = fields.take("remove_on_match");
    fields.finish()?;
    match (append, remove, matching) {
        (Some(node), None, None) => Ok(Mutation::Append(read_addition(node)?)),
        (None, Some(node), None) => {
            let name = node.as_string_field()?.to_ascii_lowercase();
            Ok(Mutation::Remove(name))
        }
        (None, None, Some(node)) => {
            let mut fields = Fields::of_message(node)?;
            let key = read_text_match(fields.require("key_matcher")?)?;
            fields.finish()?;
            Ok(Mutation::RemoveMatching(key))
        }
        _ => Err(not_one_of(
            &node.place,
            "append, remove and remove_on_match",
        )),
    }
}

fn read_parameter(node: &Node) -> Result<Parameter, Problem> {
    let mut fields = Fields::of_message(node)?;
    let append = fields.take("append");
    let remove = fields.take("remove");
    fields.finish()?;
    match (append, remove) {
        (None, Some(node)) => Ok(Parameter::Remove(node.as_string_field()?.to_owned())),
        (Some(node), None) => {
            let mut fields = Fields::of_message(node)?;
            let record = fields.require("record")?;
            let action = read_append(fields.take("action"))?;
            fields.finish()?;
            let mut fields = Fields::of_message(record)?;
            let key = fields.require("key")?.as_string_field()?.to_owned();
            let value = Format::read(fields.require("value")?)?;
            fields.finish()?;
            Ok(Parameter::Append(key, value, action))
        }
        _ => Err(not_one_of(&node.place, "append and remove")),
    }
}
