//! An exercise's answers as an HTML form, which the page only has to wire.
//!
//! ```text
//! <form class="answer" data-answer="ID" data-kind="predict|order|find|host|patch|quiz">
//! ```
//!
//! A field's name is that in `answers.yaml`. An order is an `<ol class="order">` of items with
//! `data-id`, each with two buttons `data-move`. The button `data-pick` takes the event that is
//! chosen in the timeline. Must not know: what is right.

use super::markdown::{escape, inline};
use crate::model::Exercise;
use crate::model::exercise::{Asked, Card, Gap, Item, Prediction, Quest, Question};

/// The form of an exercise; empty where the learner edits, or gives a module.
pub fn form(exercise: &Exercise, quest: &Quest) -> String {
    let fields: String = match &quest.asked {
        Asked::Edits | Asked::Own { .. } => return String::new(),
        Asked::Predict(values) => values.iter().map(prediction).collect(),
        Asked::Quiz(questions) => questions.iter().map(question).collect(),
        Asked::Patch { cards, .. } => choices(
            "card",
            say!(answer_card),
            cards.iter().enumerate().map(card),
        ),
        Asked::Host(gaps) => gaps.iter().map(gap).collect(),
        Asked::Order(items) => {
            let items: String = items.iter().map(item).collect();
            format!("<ol class=\"order\">\n{items}</ol>\n")
        }
        Asked::Find(_) => find(),
    };
    format!(
        "<form class=\"answer\" data-answer=\"{}\" data-kind=\"{}\">\n{fields}\
         <button type=\"submit\" class=\"button\">{}</button></form>\n",
        escape(&exercise.id),
        escape(&exercise.kind),
        say!(answer_check)
    )
}

fn prediction(value: &Prediction) -> String {
    if value.choices.is_empty() {
        return field(&inline(&value.label, &value.place), &value.id);
    }
    let choices = value.choices.iter();
    let choices = choices.map(|choice| (choice.clone(), escape(choice)));
    self::choices(&value.id, &inline(&value.label, &value.place), choices)
}

fn question(question: &Question) -> String {
    let choices = question.choices.iter().enumerate();
    let choices = choices.map(|(at, (text, _))| (at.to_string(), inline(text, &question.place)));
    self::choices(
        &question.id,
        &inline(&question.text, &question.place),
        choices,
    )
    .replace("<fieldset>", "<fieldset class=\"column\">")
}

fn card((at, card): (usize, &Card)) -> (String, String) {
    (at.to_string(), inline(&card.text, &card.place))
}

/// A group of radio buttons: values and what they say in HTML.
fn choices(name: &str, legend: &str, choices: impl Iterator<Item = (String, String)>) -> String {
    let choice = |(value, text): (String, String)| {
        let (name, value) = (escape(name), escape(&value));
        format!(
            "<label><input type=\"radio\" name=\"{name}\" value=\"{value}\"> <span>{text}</span></label>\n"
        )
    };
    let choices: String = choices.map(choice).collect();
    format!("<fieldset><legend>{legend}</legend>\n{choices}</fieldset>\n")
}

/// A line to write in.
fn field(label: &str, name: &str) -> String {
    format!(
        "<label class=\"field\"><span>{label}</span> <input name=\"{}\" autocomplete=\"off\" \
         autocapitalize=\"off\" spellcheck=\"false\"></label>\n",
        escape(name)
    )
}

/// A host call to answer.
fn gap(gap: &Gap) -> String {
    let field = |name: &&'static str| {
        let full = format!("{}.{name}", gap.id);
        match *name {
            "status" => {
                let options = STATUSES
                    .iter()
                    .map(|word| format!("<option>{word}</option>"));
                let options: String = options.collect();
                format!(
                    "<label class=\"field\"><span>{}</span> <select name=\"{}\"><option></option>{options}</select></label>\n",
                    say!(answer_status),
                    escape(&full)
                )
            }
            name => self::field(name, &full),
        }
    };
    let fields: String = gap.ask.iter().map(field).collect();
    format!(
        "<fieldset><legend><code>{}</code> {}</legend>\n{fields}</fieldset>\n",
        escape(gap.call),
        inline(&gap.label, &gap.place)
    )
}

/// An item of a list that is put in order by dragging it, or by its buttons.
fn item(item: &Item) -> String {
    let plain = escape(&item.text.replace('`', ""));
    let button = |step: &str, sign: &str, label: String| {
        format!(
            "<button type=\"button\" data-move=\"{step}\" aria-label=\"{label}\">{sign}</button>"
        )
    };
    format!(
        "<li data-id=\"{}\" draggable=\"true\"><span>{}</span> {}{}</li>\n",
        escape(&item.id),
        inline(&item.text, &item.place),
        button("-1", "↑", format!(say!(answer_up), item = plain)),
        button("1", "↓", format!(say!(answer_down), item = plain))
    )
}

/// The statuses of the ABI that a host call can return, by their words.
const STATUSES: [&str; 11] = [
    "Ok",
    "NotFound",
    "BadArgument",
    "SerializationFailure",
    "ParseFailure",
    "InvalidMemoryAccess",
    "Empty",
    "CasMismatch",
    "InternalFailure",
    "BrokenConnection",
    "Unimplemented",
];

/// The field for the number of an event.
fn find() -> String {
    format!(
        "<p class=\"find\"><button type=\"button\" class=\"button quiet\" data-pick>{}</button></p>\n\
         <label class=\"field\"><span>{}</span> <input name=\"event\" inputmode=\"numeric\" \
         pattern=\"[0-9]+\" autocomplete=\"off\" required></label>\n",
        say!(answer_find),
        say!(answer_number)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Place;
    use crate::model::exercise::{Observed, Selector};

    fn asked(asked: Asked) -> String {
        let quest = Quest {
            asked,
            ..Quest::default()
        };
        let exercise = Exercise {
            id: "a\"b".into(),
            kind: "predict".into(),
            ..Exercise::default()
        };
        form(&exercise, &quest)
    }

    #[test]
    fn what_an_author_writes_is_escaped_and_every_field_has_a_label() {
        let value = Prediction {
            id: "n".into(),
            label: "The `status` <b>".into(),
            of: Observed::Status(0),
            choices: vec!["200".into(), "<i>".into()],
            hint: String::new(),
            place: Place::default(),
        };
        let html = asked(Asked::Predict(vec![value]));
        assert!(html.contains("data-answer=\"a&quot;b\""));
        assert!(html.contains("<legend>The <code>status</code> &lt;b&gt;</legend>"));
        assert!(html.contains("value=\"&lt;i&gt;\"> <span>&lt;i&gt;</span></label>"));
    }

    #[test]
    fn an_item_can_be_moved_by_buttons_that_name_it() {
        let item = Item {
            id: "start".into(),
            text: "`on_vm_start`".into(),
            event: Selector::default(),
            place: Place::default(),
        };
        let html = asked(Asked::Order(vec![item]));
        assert!(html.contains("aria-label=\"Move up: on_vm_start\""));
        assert!(html.contains("<li data-id=\"start\" draggable=\"true\">"));
    }

    #[test]
    fn edits_and_modules_have_no_form() {
        assert_eq!(asked(Asked::Edits), "");
    }
}
