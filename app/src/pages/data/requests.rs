//! Data requests: what was asked of whom, item by item, and a new one.

use consilium_domain::{ConsultationId, DataCategory, DataRequestState, InstitutionId, InvitationState};
use consilium_protocol::{
    codes,
    consultation::ConsultationRow,
    limits,
    preparation::{DataRequest, RequestInput, RequestItem},
    session::Institution,
};
use leptos::prelude::*;

use super::verbs::Verbs;
use crate::{
    api, context, format,
    i18n::{self, DeskTexts, fill, preparation, sentence},
    ui::{
        Button, ButtonKind, CheckChip, DateField, Doing, DueTime, FormErrors, Lines, SelectField, TextArea,
        TextField, Tone, colour_class,
    },
};

/// Where `state` stands, for its mark.
const fn tone(state: DataRequestState) -> &'static str {
    match state {
        DataRequestState::Accepted => "mark good",
        DataRequestState::Refused => "mark late",
        DataRequestState::Sent | DataRequestState::Submitted | DataRequestState::Returned => "mark soon",
        _ => "mark",
    }
}

/// Nothing is awaited any more.
const fn is_over(state: DataRequestState) -> bool {
    matches!(
        state,
        DataRequestState::Accepted | DataRequestState::Refused | DataRequestState::Cancelled
    )
}

/// All requests the reader may see, and the form of a new one.
#[component]
pub fn RequestsPanel(
    /// The consultation.
    row: ConsultationRow,
    /// The requests.
    requests: Vec<DataRequest>,
    /// The reader's institution.
    own: Option<InstitutionId>,
    /// The reader may send some.
    may_request: bool,
    /// What is being done.
    doing: Doing,
) -> impl IntoView {
    let t = DeskTexts::of(context::locale());
    let accepted: Vec<Institution> = row
        .participants
        .iter()
        .filter(|of| of.state == Some(InvitationState::Accepted) && Some(of.institution.id) != own)
        .map(|of| of.institution.clone())
        .collect();
    let empty = requests.is_empty();
    let teach = if may_request {
        t.requests_none_lead
    } else {
        t.requests_none
    };
    // Preparing is the lead's; a query in session is an exception one opens the form for.
    let open = RwSignal::new(may_request && empty && own == Some(row.lead.id));
    let nobody = accepted.is_empty();
    let accepted = StoredValue::new(accepted);
    let id = row.id;
    let acting = requests.iter().position(|request| !request.allowed.is_empty());
    let cards = requests
        .into_iter()
        .enumerate()
        .map(|(n, request)| view! { <Card request first=acting == Some(n) doing /> })
        .collect_view();
    let asks = (may_request && nobody).then(|| view! { <p class="quiet">{t.no_accepted}</p> });
    view! {
        <section class="panel" aria-labelledby="requests">
            <div class="panel-head">
                <h2 id="requests">{t.requests}</h2>
                {(may_request && !nobody)
                    .then(|| {
                        view! { <Button text=t.new_request on_press=move || open.update(|on| *on = !*on) /> }
                    })}
            </div>
            {empty.then(|| view! { <p class="quiet">{teach}</p> })}
            {asks}
            <div hidden=move || !open.get()>
                {(may_request && !nobody)
                    .then(|| view! { <NewRequest id institutions=accepted.get_value() filled=acting.is_none() doing /> })}
            </div>
            {cards}
        </section>
    }
}

#[component]
fn Card(request: DataRequest, first: bool, doing: Doing) -> impl IntoView {
    let locale = context::locale();
    let t = DeskTexts::of(locale);
    let path = api::of(request.consultation_id, &format!("data-requests/{}", request.id));
    let items = request
        .items
        .iter()
        .map(|item| {
            let text = item_text(item, locale);
            view! {
                <li>
                    {text}
                    {(!item.required).then(|| view! { <span class="mark">{t.optional}</span> })}
                </li>
            }
        })
        .collect_view();
    let mut notes = Vec::new();
    notes.extend(
        request
            .asked_by
            .as_ref()
            .map(|of| fill(t.queried_by, &[&i18n::institution_name(of, locale)])),
    );
    notes.push(fill(t.purpose, &[&request.reason]));
    notes.extend(request.data_from.map(|at| fill(t.since, &[&format::date(at)])));
    notes.extend(
        request
            .refused_code
            .as_ref()
            .map(|code| fill(t.refused_for, &[sentence(code, locale)])),
    );
    notes.extend(
        request
            .answer_reason
            .as_ref()
            .map(|reason| fill(t.answer_reason, &[reason])),
    );
    let due = fill(
        t.due_both,
        &[
            &format::short(request.due.target_at),
            &format::short(request.due.hard_at),
        ],
    );
    let over = is_over(request.state);
    let handed_in = request.state == DataRequestState::Submitted;
    // Collecting goes on by handing in rows; the next step is to release them.
    let mut allowed = request.allowed;
    allowed.retain(|verb| verb != "extract" || request.state != DataRequestState::Extracting);
    // Past the target, or asked for after it, what counts is the session itself.
    let late_asked = request.sent_at.is_some_and(|at| at >= request.due.target_at);
    let next = if request.overdue || late_asked {
        request.due.hard_at
    } else {
        request.due.target_at
    };
    view! {
        <article class=format!("entry {}", colour_class(&request.institution))>
            <header>
                <b>{i18n::institution_name(&request.institution, locale)}</b>
                <span class=tone(request.state)>{preparation::data_request(request.state, locale)}</span>
                {request.overdue.then(|| view! { <span class="mark soon">{t.overdue}</span> })}
                <small title=format::absolute(next, locale)>
                    {due} " " {(!over && !handed_in).then(|| view! { <DueTime at=next /> })}
                </small>
            </header>
            <ol class="numbered">{items}</ol>
            <Lines of=notes />
            <Verbs path allowed first doing />
        </article>
    }
}

/// Category and what exactly.
pub(super) fn item_text(item: &RequestItem, locale: consilium_protocol::page::Locale) -> String {
    let category = i18n::category(item.category, locale);
    if item.description.is_empty() {
        category.to_owned()
    } else {
        let colon = i18n::Common::of(locale).colon;
        format!("{category}{colon}{}", item.description)
    }
}

/// One item being written.
#[derive(Clone, Copy)]
struct Wanted {
    category: RwSignal<String>,
    description: RwSignal<String>,
    required: RwSignal<bool>,
}

impl Wanted {
    fn new() -> Self {
        Self {
            category: RwSignal::new(DataCategory::LabExam.code().to_owned()),
            description: RwSignal::new(String::new()),
            required: RwSignal::new(true),
        }
    }

    fn item(self) -> Option<RequestItem> {
        Some(RequestItem {
            category: self.category.get_untracked().parse().ok()?,
            description: self.description.get_untracked().trim().to_owned(),
            required: self.required.get_untracked(),
        })
    }
}

#[component]
fn NewRequest(
    id: ConsultationId,
    institutions: Vec<Institution>,
    /// Sending is the filled button of the page.
    filled: bool,
    doing: Doing,
) -> impl IntoView {
    let kind = if filled {
        ButtonKind::Primary
    } else {
        ButtonKind::Quiet
    };
    let locale = context::locale();
    let t = DeskTexts::of(locale);
    let errors = FormErrors::provide();
    let options: Vec<(String, String)> = institutions
        .iter()
        .map(|of| (of.id.to_string(), i18n::institution_name(of, locale)))
        .collect();
    let first = options.first().map(|(code, _)| code.clone()).unwrap_or_default();
    let institution = RwSignal::new(first);
    let items = RwSignal::new(vec![Wanted::new()]);
    let data_from = RwSignal::new(String::new());
    let reason = RwSignal::new(String::new());
    let send = move |draft: bool| {
        let Ok(institution_id) = institution.get_untracked().parse::<InstitutionId>() else {
            return;
        };
        let reason = reason.get_untracked().trim().to_owned();
        if reason.is_empty() {
            errors.0.set(vec![consilium_protocol::FieldError::new(
                "reason",
                codes::FIELD_REQUIRED,
            )]);
            doing.say(Tone::Late, sentence(codes::INVALID, locale));
            return;
        }
        let input = RequestInput {
            institution_id,
            items: items.with_untracked(|all| all.iter().filter_map(|of| of.item()).collect()),
            data_from: format::parse_day(&data_from.get_untracked()),
            reason,
            purpose: "treatment".to_owned(),
            draft,
        };
        doing.run(async move { api::post(&api::of(id, "data-requests"), &input).await });
    };
    let lines = move || {
        let all = items.get();
        let single = all.len() == 1;
        all.into_iter()
            .enumerate()
            .map(|(n, of)| view! { <ItemFields n of items single /> })
            .collect_view()
    };
    view! {
        <div class="request-form" role="group" aria-label=t.new_request>
            <div class="grid">
                <SelectField path="institution_id" label=t.ask_of value=institution options />
                <DateField path="data_from" label=t.data_from value=data_from />
            </div>
            {lines}
            <p class="form-line">
                <Button
                    text=t.item_add
                    on_press=move || {
                        items
                            .update(|all| {
                                if all.len() < limits::REQUEST_ITEMS {
                                    all.push(Wanted::new());
                                }
                            });
                    }
                />
            </p>
            <TextArea path="reason" label=t.request_reason value=reason required=true rows=2 limit=limits::REASON_CHARS />
            <div class="row">
                <Button text=t.send kind busy=doing.busy on_press=move || send(false) />
                <Button text=t.save_draft busy=doing.busy on_press=move || send(true) />
            </div>
        </div>
    }
}

#[component]
fn ItemFields(n: usize, of: Wanted, items: RwSignal<Vec<Wanted>>, single: bool) -> impl IntoView {
    let locale = context::locale();
    let t = DeskTexts::of(locale);
    let categories = DataCategory::ALL
        .iter()
        .map(|of| (of.code().to_owned(), i18n::category(*of, locale).to_owned()))
        .collect();
    let remove = move || {
        items.update(|all| {
            if n < all.len() {
                all.remove(n);
            }
        });
    };
    view! {
        <div class="item-fields" role="group" aria-label=fill(t.item, &[&(n + 1).to_string()])>
            <SelectField path=format!("items.{n}.category") label=t.item_category value=of.category options=categories />
            <TextField
                path=format!("items.{n}.description")
                label=t.item_description
                value=of.description
                hint=t.item_hint
                limit=limits::ITEM_CHARS
            />
            <CheckChip text=t.item_required checked=of.required />
            {(!single).then(|| view! { <Button text=t.item_remove on_press=remove /> })}
        </div>
    }
}
