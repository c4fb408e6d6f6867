//! One act at a time: a request that runs, what came of it, and the question before it.

use consilium_protocol::{Problem, limits};
use leptos::{prelude::*, task::spawn_local};

use super::{ConfirmBar, Notice, TextArea, Tone, field::field_id};
use crate::{
    browser, context,
    i18n::{Common, problem_text},
};

/// What a page is doing.
#[derive(Clone, Copy)]
pub struct Doing {
    /// What to say about it.
    pub message: RwSignal<Option<(Tone, String)>>,
    /// A request runs.
    pub busy: RwSignal<bool>,
}

impl Doing {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self {
            message: RwSignal::new(None),
            busy: RwSignal::new(false),
        }
    }

    /// Says `text`.
    pub fn say(self, tone: Tone, text: impl Into<String>) {
        self.message.set(Some((tone, text.into())));
    }

    /// Runs a request; says what came of it, and draws the page again when it was done.
    pub fn run(self, request: impl Future<Output = Result<(), Problem>> + 'static) {
        self.run_then(request, |()| browser::reload());
    }

    /// Like [`Self::run`]; `other` also sees what went wrong.
    pub fn run_or(
        self,
        request: impl Future<Output = Result<(), Problem>> + 'static,
        other: impl FnOnce(&Problem) + 'static,
    ) {
        let watched = async move {
            let done = request.await;
            if let Err(problem) = &done {
                other(problem);
            }
            done
        };
        self.run(watched);
    }

    /// Runs a request; `then` gets what came of it. The button stays pressed: `then` leaves the page or calls
    /// [`Self::rest`].
    pub fn run_then<T: 'static>(
        self,
        request: impl Future<Output = Result<T, Problem>> + 'static,
        then: impl FnOnce(T) + 'static,
    ) {
        let locale = context::locale();
        let t = Common::of(locale);
        self.busy.set(true);
        self.say(Tone::Info, t.working);
        spawn_local(async move {
            match request.await {
                Ok(done) => {
                    self.say(Tone::Good, t.done);
                    then(done);
                }
                Err(problem) => {
                    let mut text = problem_text(&problem, locale);
                    for error in problem.errors {
                        text.push(' ');
                        text.push_str(&error.message);
                    }
                    self.say(Tone::Late, text);
                    self.busy.set(false);
                }
            }
        });
    }

    /// Ready for the next act.
    pub fn rest(self) {
        self.busy.set(false);
    }
}

impl Default for Doing {
    fn default() -> Self {
        Self::new()
    }
}

/// What came of the last act.
#[component]
pub fn Outcome(
    /// The acts.
    doing: Doing,
) -> impl IntoView {
    view! { <Notice message=doing.message /> }
}

/// A question with the reason for an act, in the place where it was asked.
#[component]
pub fn AskReason(
    /// Label of the reason; without one there is only the question.
    #[prop(into, optional)]
    label: String,
    /// The question: what happens then.
    #[prop(into)]
    question: String,
    /// Text of yes.
    #[prop(into)]
    yes: String,
    /// Cannot be undone.
    #[prop(optional)]
    danger: bool,
    /// Does it, with the reason.
    on_yes: impl Fn(String) + 'static,
    /// Leaves it.
    on_no: impl Fn() + 'static,
) -> impl IntoView {
    let no = Common::of(context::locale()).no;
    let reason = RwSignal::new(String::new());
    let calm = !label.is_empty();
    if calm {
        Effect::new(|_| browser::focus(&field_id("reason")));
    }
    let field = calm.then(|| {
        view! { <TextArea path="reason" label value=reason required=true rows=2 limit=limits::REASON_CHARS /> }
    });
    let confirm = move || on_yes(reason.get_untracked().trim().to_owned());
    view! {
        <div class="ask">{field} <ConfirmBar question yes no danger calm on_yes=confirm on_no /></div>
    }
}
