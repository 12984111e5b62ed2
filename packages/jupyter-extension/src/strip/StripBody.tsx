import * as React from "react";
import type { TranslationBundle } from "@jupyterlab/translation";
import type { ReceiptCheck } from "@nebula/client";
import type { StripAction, StripView } from "./view.ts";

export interface StripBodyProps {
  readonly strip: StripView;
  readonly trans: TranslationBundle;
  readonly act: (action: StripAction) => void;
}

function actionLabel(action: StripAction, trans: TranslationBundle): string {
  switch (action) {
    case "cancel":
      return trans.__("Cancel job");
    case "retry":
      return trans.__("Try again");
    case "dismiss":
      return trans.__("Dismiss");
    case "sign-in":
      return trans.__("Sign in to follow this job");
    case "sign-in-for-receipt":
      return trans.__("Sign in to see the receipt");
    case "show-receipt":
      return trans.__("Receipt");
    case "verify-receipt":
      return trans.__("Verify");
    case "save-log":
      return trans.__("Save full log");
    case "save-files":
      return trans.__("Save files");
  }
}

function Bar({ bar, title }: { bar: NonNullable<StripView["bar"]>; title: string }): React.JSX.Element {
  const percent = bar.fraction === null ? null : Math.round(bar.fraction * 100);
  const attributes = percent === null ? {} : { "aria-valuenow": percent };
  return (
    <div className="jp-nebula-Strip-progress">
      <div
        className="jp-nebula-Strip-bar"
        role="progressbar"
        aria-label={title}
        aria-valuemin={0}
        aria-valuemax={100}
        {...attributes}
      >
        <div
          className={percent === null ? "jp-nebula-Strip-fill jp-mod-unknown" : "jp-nebula-Strip-fill"}
          style={percent === null ? {} : { width: `${percent}%` }}
        />
      </div>
      {percent === null ? null : <span className="jp-nebula-Strip-fact">{`${percent} %`}</span>}
      {bar.note === "" ? null : <span className="jp-nebula-Strip-fact">{bar.note}</span>}
    </div>
  );
}

function mark(check: ReceiptCheck, trans: TranslationBundle): { sign: string; word: string } {
  if (check.ok === null) return { sign: "–", word: trans.__("not looked at") };
  return check.ok ? { sign: "✓", word: trans.__("holds") } : { sign: "✗", word: trans.__("does not hold") };
}

function Checks({
  checks,
  trans,
}: {
  checks: readonly ReceiptCheck[];
  trans: TranslationBundle;
}): React.JSX.Element {
  return (
    <ul className="jp-nebula-Strip-checks" aria-label={trans.__("What was checked of the receipt")}>
      {checks.map((check) => {
        const { sign, word } = mark(check, trans);
        return (
          <li key={check.name} data-ok={String(check.ok)}>
            <span className="jp-nebula-Strip-mark" role="img" aria-label={word} title={word}>
              {sign}
            </span>
            <span>{`${check.name}: ${check.detail}`}</span>
          </li>
        );
      })}
    </ul>
  );
}

/** The strip of a job: state and facts, progress, notes, actions, and what a check of the receipt found. */
export function StripBody({ strip, trans, act }: StripBodyProps): React.JSX.Element {
  return (
    <div className="jp-nebula-Strip-body" data-tone={strip.tone}>
      <div className="jp-nebula-Strip-head">
        <span className="jp-nebula-Strip-title">{strip.title}</span>
        {strip.facts.map((fact) => (
          <span key={fact} className="jp-nebula-Strip-fact">
            {fact}
          </span>
        ))}
        <span className="jp-nebula-Strip-actions">
          {strip.actions.map((action) => (
            <button
              key={action}
              type="button"
              className="jp-nebula-Strip-action"
              data-action={action}
              onClick={() => act(action)}
            >
              {actionLabel(action, trans)}
            </button>
          ))}
        </span>
      </div>
      {strip.bar === null ? null : <Bar bar={strip.bar} title={strip.title} />}
      {strip.notes.map((note) => (
        <p key={note} className="jp-nebula-Strip-note">
          {note}
        </p>
      ))}
      {strip.verdict === null ? null : <p className="jp-nebula-Strip-verdict">{strip.verdict}</p>}
      {strip.checks.length === 0 ? null : <Checks checks={strip.checks} trans={trans} />}
    </div>
  );
}
