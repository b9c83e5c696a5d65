//! The ```` ```predict ```` and ```` ```quiz ```` blocks: a question with choices.
//!
//! A quiz says which choice is right. A prediction does not: each choice states assertions, and
//! the one whose assertions hold on the real run is right.

use super::markdown::{escape, inline, render_note};
use crate::model::yaml::{Fields, Node};
use crate::model::{Place, Problem};

/// A question.
#[derive(Clone, Debug)]
pub struct Ask {
    /// Unique in the lesson.
    pub id: String,
    /// Where it stands.
    pub place: Place,
    /// The question, as Markdown of one paragraph.
    pub question: String,
    /// For a prediction: the scenario to run; the lab's first when absent.
    pub scenario: Option<String>,
    /// The choices.
    pub choices: Vec<Choice>,
}

/// A choice.
#[derive(Clone, Debug)]
pub struct Choice {
    /// What it says, as Markdown of one paragraph.
    pub text: String,
    /// What to say to a learner who chose it, as Markdown of one paragraph.
    pub say: String,
    /// For a quiz: whether it is right.
    pub right: bool,
    /// For a prediction: assertions of the lab file.
    pub expect: Option<Node>,
    /// Where it stands.
    pub place: Place,
}

impl Ask {
    /// Reads a prediction or a quiz.
    ///
    /// # Errors
    /// The first key that is missing, unknown or not as it should be.
    pub fn read(node: &Node, predict: bool) -> Result<Self, Problem> {
        let mut fields = Fields::of(node)?;
        let ask = Self {
            id: fields.require("id")?.as_str()?.to_string(),
            place: node.place.clone(),
            question: fields.require("question")?.as_str()?.to_string(),
            scenario: match predict {
                true => scenario(&mut fields)?,
                false => None,
            },
            choices: (fields.require("choices")?.as_list()?.iter())
                .map(|node| Choice::read(node, predict))
                .collect::<Result<_, _>>()?,
        };
        fields.finish()?;
        if ask.choices.len() < 2 {
            return Err(node.expected("two choices or more"));
        }
        if !predict && ask.choices.iter().filter(|choice| choice.right).count() != 1 {
            let help = "Write `right: true` at exactly one choice.";
            return Err(Problem::at(&node.place, "expected one right choice", help));
        }
        Ok(ask)
    }

    /// The question as HTML that works without script: choosing shows what there is to say.
    ///
    /// `right` is the right choice; without it nothing is marked.
    pub fn html(&self, predict: bool, right: Option<usize>) -> String {
        let (kind, label) = if predict {
            ("predict", say!(ask_predict))
        } else {
            ("quiz", say!(ask_quiz))
        };
        let name = format!("{kind}-{}", escape(&self.id));
        let scenario = match &self.scenario {
            Some(scenario) => format!(" data-scenario=\"{}\"", escape(scenario)),
            None => String::new(),
        };
        let mut html = format!(
            "<fieldset class=\"ask {kind}\" id=\"{name}\" data-ask=\"{}\"{scenario}>\
             <legend><span class=\"label\">{label}</span> {}</legend>\n",
            escape(&self.id),
            inline(&self.question, &self.place)
        );
        for (at, choice) in self.choices.iter().enumerate() {
            let mark = match right {
                Some(right) if right == at => " right",
                Some(_) => " wrong",
                None => "",
            };
            html.push_str(&format!(
                "<div class=\"choice{mark}\"><label><input type=\"radio\" name=\"{name}\" value=\"{at}\"> <span>{}</span></label>\
                 <div class=\"say\" role=\"status\">{}</div></div>\n",
                inline(&choice.text, &choice.place),
                inline(&choice.say, &choice.place)
            ));
        }
        html.push_str("</fieldset>\n");
        html
    }

    /// The first thing that is wrong with the Markdown of the question or of a choice.
    pub fn problem(&self) -> Option<Problem> {
        let choices = self
            .choices
            .iter()
            .flat_map(|choice| [(&choice.text, &choice.place), (&choice.say, &choice.place)]);
        std::iter::once((&self.question, &self.place))
            .chain(choices)
            .flat_map(|(text, place)| render_note(text, place).problems)
            .next()
    }

    /// The choice that a quiz marks as right.
    pub fn marked(&self) -> Option<usize> {
        self.choices.iter().position(|choice| choice.right)
    }
}

impl Choice {
    fn read(node: &Node, predict: bool) -> Result<Self, Problem> {
        let mut fields = Fields::of(node)?;
        let choice = Self {
            text: fields.require("text")?.as_str()?.to_string(),
            say: fields.require("say")?.as_str()?.to_string(),
            right: match predict {
                true => false,
                false => fields.take("right").map_or(Ok(false), Node::as_bool)?,
            },
            expect: match predict {
                true => Some(fields.require("expect")?.clone()),
                false => None,
            },
            place: node.place.clone(),
        };
        fields.finish()?;
        Ok(choice)
    }
}

fn scenario(fields: &mut Fields) -> Result<Option<String>, Problem> {
    let node = fields.take("scenario");
    node.map(|node| Ok(node.as_str()?.to_string())).transpose()
}
