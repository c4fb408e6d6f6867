//! Chips: one of a few, or several of a few.

use leptos::{html, prelude::*};

/// A chip that filters: pressed or not.
#[component]
pub fn ChoiceChip(
    /// What it says.
    #[prop(into)]
    text: String,
    /// Whether it is chosen.
    #[prop(into)]
    chosen: Signal<bool>,
    /// Chooses it.
    on_press: impl Fn() + 'static,
) -> impl IntoView {
    view! {
        <button
            type="button"
            class="chip"
            class:on=move || chosen.get()
            aria-pressed=move || if chosen.get() { "true" } else { "false" }
            on:click=move |_| on_press()
        >
            {text}
        </button>
    }
}

/// A check box that looks like a chip, with a colour dot when it stands for an institution.
#[component]
pub fn CheckChip(
    /// What it says.
    #[prop(into)]
    text: String,
    /// Whether it is checked.
    checked: RwSignal<bool>,
    /// Class of the colour dot; none when empty.
    #[prop(default = "")]
    dot: &'static str,
) -> impl IntoView {
    let node = NodeRef::<html::Input>::new();
    let initial = checked.get_untracked();
    // What the reader checked before the page was live counts.
    Effect::new(move |first: Option<()>| {
        let wanted = checked.get();
        if let Some(input) = node.get() {
            if first.is_none() {
                if input.checked() != wanted {
                    checked.set(input.checked());
                }
            } else {
                input.set_checked(wanted);
            }
        }
    });
    view! {
        <label class="chip check" class:on=move || checked.get()>
            <input
                type="checkbox"
                node_ref=node
                checked=initial
                on:change=move |event| checked.set(event_target_checked(&event))
            />
            {(!dot.is_empty()).then(|| view! { <i class=format!("dot {dot}") aria-hidden="true"></i> })}
            <span>{text}</span>
        </label>
    }
}
