//! The catalogue: every part and lesson of the course, in order, as plain data.

use serde::{Deserialize, Serialize};

/// The course.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Catalogue {
    /// Parts in order.
    pub parts: Vec<Part>,
}

/// A part.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// Stable, and part of the addresses of its lessons.
    pub id: String,
    /// Its title.
    pub title: String,
    /// What it is about, as HTML.
    pub summary: String,
    /// Lessons in order.
    pub lessons: Vec<LessonEntry>,
}

impl Part {
    /// The site path of the part on paper; a part without lessons has none.
    pub fn workbook(&self) -> Option<String> {
        (!self.lessons.is_empty()).then(|| format!("/learn/{}/print/", self.id))
    }
}

/// A lesson, as a map or an index needs it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LessonEntry {
    /// Stable, unique in the course, never used again for another lesson.
    pub id: String,
    /// Its title.
    pub title: String,
    /// What the learner can do afterwards.
    pub goal: String,
    /// About how long it takes.
    pub minutes: u32,
    /// The site path of its page: begins and ends with a slash.
    pub path: String,
    /// Ids of lessons to do before.
    pub needs: Vec<String>,
    /// `core` or `extra`.
    pub kind: String,
    /// The misconceptions that it removes: `M25`.
    pub misconceptions: Vec<String>,
}

impl Catalogue {
    /// All lessons in order.
    pub fn lessons(&self) -> impl Iterator<Item = &LessonEntry> {
        self.parts.iter().flat_map(|part| &part.lessons)
    }

    /// The lesson before and the one after a lesson.
    pub fn around(&self, id: &str) -> (Option<&LessonEntry>, Option<&LessonEntry>) {
        let lessons: Vec<_> = self.lessons().collect();
        match lessons.iter().position(|lesson| lesson.id == id) {
            Some(at) => (
                at.checked_sub(1)
                    .and_then(|before| lessons.get(before).copied()),
                lessons.get(at + 1).copied(),
            ),
            None => (None, None),
        }
    }
}
