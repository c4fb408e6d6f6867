//! What institutions have asked each other for in the session, with its clock, and the answer given in the room:
//! a file of rows, which is checked, masked and released in one act.

use consilium_domain::{ConsultationId, DataRequestId, DataRequestState as S};
use consilium_protocol::{
    Problem,
    preparation::{DataRequest, Submission},
};
use leptos::{prelude::*, task::spawn_local};
use web_sys::File;

use crate::{
    api, browser, context,
    i18n::{self, fill, preparation, problem_text},
    room::{
        engine::Controls,
        model::{Room, Wish},
        text::{SupplyTexts, TalkTexts},
        values::outcome,
    },
    ui::badge::colour_class,
};

/// The media type of a file of rows, by its name; `None` for another file.
pub(super) fn rows_type(name: &str) -> Option<&'static str> {
    let (_, ending) = name.rsplit_once('.')?;
    match ending.to_ascii_lowercase().as_str() {
        "csv" => Some("text/csv"),
        "json" => Some("application/json"),
        "ndjson" => Some("application/x-ndjson"),
        _ => None,
    }
}

/// The requests of this session, those still open first.
#[component]
pub fn Requests(
    /// State.
    room: Room,
    /// Wishes.
    controls: Controls,
) -> impl IntoView {
    let words = SupplyTexts::of(room.locale);
    // Beside the rows, which are drawn anew while an answer is on its way.
    let told = RwSignal::new(None::<(DataRequestId, String)>);
    let began = room
        .consultation
        .with_untracked(|consultation| consultation.started_at);
    let all = move || {
        let mut all = room.requests.get();
        all.retain(|of| of.state != S::Drafted && of.sent_at >= began && began.is_some());
        all.sort_by_key(|of| (!waits(of.state), of.due.target_at));
        all
    };
    view! {
        <section hidden=move || all().is_empty() aria-label=words.requests>
            <h3>{words.requests}</h3>
            <ul class="room-requests">
                <For each=all key=|of| (of.id, of.state, of.version, of.allowed.len()) let:request>
                    <Row room controls request told />
                </For>
            </ul>
        </section>
    }
}

/// Whether data is still to come.
const fn waits(state: S) -> bool {
    matches!(state, S::Sent | S::Verified | S::Extracting | S::Returned)
}

#[component]
fn Row(
    room: Room,
    controls: Controls,
    request: DataRequest,
    told: RwSignal<Option<(DataRequestId, String)>>,
) -> impl IntoView {
    let words = SupplyTexts::of(room.locale);
    let talk = TalkTexts::of(room.locale);
    let now = context::now();
    let name = |of| i18n::institution_name(of, room.locale);
    let lead = room
        .consultation
        .with_untracked(|consultation| consultation.row.lead.clone());
    let asks = request.asked_by.clone().unwrap_or(lead);
    let title = fill(talk.asked_to, &[&name(&asks), &name(&request.institution)]);
    let (state, due) = (request.state, request.due.target_at);
    let clock = move || {
        if !waits(state) {
            return preparation::data_request(state, room.locale).to_owned();
        }
        let left = now.get().since_ms(due);
        let minutes = (left.abs() / 60_000).to_string();
        fill(if left > 0 { talk.overdue } else { talk.left }, &[&minutes])
    };
    let tone = move || match state {
        state if waits(state) && now.get().since_ms(due) > 0 => "mark late",
        state if waits(state) => "mark soon",
        S::Submitted | S::Accepted => "mark good",
        _ => "mark",
    };
    let items = request
        .items
        .iter()
        .map(|item| {
            let category = i18n::category(item.category, room.locale);
            view! { <p>{format!("{category} · {}", item.description)}</p> }
        })
        .collect_view();
    let may = request
        .allowed
        .iter()
        .any(|verb| matches!(verb.as_str(), "verify" | "extract" | "submit"));
    let busy = RwSignal::new(false);
    let id = request.id;
    let said = move || {
        let told = told.get().filter(|(of, _)| *of == id);
        told.map(|(_, text)| text)
    };
    let field = format!("rows-{}", request.id);
    let colour = colour_class(&request.institution);
    let code = if waits(state) { "open" } else { "answered" };
    let reason = request.reason.clone();
    let asked = StoredValue::new(request);
    let give = move |file: File| {
        let request = asked.get_value();
        busy.set(true);
        spawn_local(async move {
            let done = answer(request, &file).await;
            busy.set(false);
            let text = match done {
                Ok(given) => outcome(&given, room.names, room.locale),
                Err(problem) => problem_text(&problem, room.locale),
            };
            told.set(Some((id, text)));
            controls.ask(Wish::DataAdded);
        });
    };
    let form = may.then(|| {
        view! {
            <label for=field.clone()>{words.give_rows}</label>
            <input
                id=field
                type="file"
                accept=".csv,.json,.ndjson"
                data-testid="request-rows"
                disabled=move || busy.get()
                on:change=move |event| {
                    if let Some(file) = browser::chosen_files(&event).into_iter().next() {
                        give(file);
                    }
                }
            />
        }
    });
    view! {
        <li class=format!("room-line {colour}") data-testid="request" data-state=code>
            <header>
                <b>{title}</b>
                <span class=tone>{clock}</span>
            </header>
            {items}
            <p class="quiet">{reason}</p>
            {form}
            <p role="status">{said}</p>
        </li>
    }
}

/// Finds the request legitimate if that is still to be done, sends the rows, and releases what was taken.
async fn answer(request: DataRequest, file: &File) -> Result<Submission, Problem> {
    let id: ConsultationId = request.consultation_id;
    let verb = |verb: &str| api::of(id, &format!("data-requests/{}/{verb}", request.id));
    if request.allowed.iter().any(|of| of == "verify") {
        api::post_reason(&verb("verify"), String::new()).await?;
    }
    let path = api::of(id, &format!("submissions?request_id={}", request.id));
    let media = rows_type(&file.name()).unwrap_or("text/csv");
    let given: Submission = api::send_file("POST", &path, media, file).await?;
    if given.stored > 0 {
        api::post_reason(&verb("submit"), String::new()).await?;
    }
    Ok(given)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_known_by_their_ending() {
        assert_eq!(rows_type("结果.CSV"), Some("text/csv"));
        assert_eq!(rows_type("a.b.ndjson"), Some("application/x-ndjson"));
        assert_eq!((rows_type("a.pdf"), rows_type("IM000001")), (None, None));
    }
}
