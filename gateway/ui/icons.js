// SPDX-License-Identifier: Apache-2.0
// Every sign, drawn on a grid of 16 (rail: 20). A status has a shape of its own, so that it reads without colour.
import { html } from './standalone.module.js';

const line = (d, width = 1.5) =>
  html`<path d=${d} fill="none" stroke="currentColor" stroke-width=${width} stroke-linecap="round" stroke-linejoin="round" />`;
const ring = (dash) =>
  html`<circle cx="8" cy="8" r="6.2" fill="none" stroke="currentColor" stroke-width="1.5" stroke-dasharray=${dash || 'none'} />`;
const solid = (d) => html`<path d=${d} fill="currentColor" />`;
const inside = (d) =>
  html`<path d=${d} fill="none" stroke="var(--on)" stroke-width="1.7" stroke-linecap="round" stroke-linejoin="round" />`;

const SIGNS = {
  // lines and instruments
  online: [ring(), html`<circle cx="8" cy="8" r="3.2" fill="currentColor" />`],
  silent: [ring(), line('M8 4.6V8.2l2.5 1.5')],
  down: [ring(), line('M3.8 12.2l8.4-8.4')],
  disabled: [ring('2.4 2.5')],
  locked: [line('M3.2 7.2h9.6v6.6H3.2zM5.2 7V5a2.8 2.8 0 0 1 5.6 0v2')],
  // checks
  check: [line('M2.8 8.6l3.4 3.3 7-7.5', 1.8)],
  cross: [line('M4 4l8 8M12 4l-8 8', 1.8)],
  warn: [line('M8 1.9L14.7 13.8H1.3z'), line('M8 6.2v3.6M8 11.7v.1', 1.6)],
  // verdicts only
  pass: [html`<circle cx="8" cy="8" r="7" fill="currentColor" />`, inside('M4.7 8.3l2.3 2.2 4.3-4.7')],
  fail: [solid('M5.2 1h5.6L15 5.2v5.6L10.8 15H5.2L1 10.8V5.2z'), inside('M5.6 5.6l4.8 4.8M10.4 5.6l-4.8 4.8')],
  undetermined: [solid('M8 .5L15.5 8 8 15.5.5 8z'), inside('M6.4 6.5a1.7 1.7 0 1 1 2.4 1.6c-.6.3-.8.6-.8 1.2M8 11.4v.1')],
  // batches
  'to-test': [ring('2.4 2.5')],
  testing: [ring(), solid('M8 3.6a4.4 4.4 0 0 1 0 8.8z')],
  'awaiting-review': [
    html`<rect x="1" y="1" width="14" height="14" rx="3" fill="currentColor" />`,
    html`<path d="M3 8c2.6-3.7 7.4-3.7 10 0-2.6 3.7-7.4 3.7-10 0z" fill="none" stroke="var(--on)" stroke-width="1.3" stroke-linejoin="round" />`,
    html`<circle cx="8" cy="8" r="1.5" fill="var(--on)" />`],
  'awaiting-release': [line('M3.4 12.8l.5-2.6 7-7 2.1 2.1-7 7zM2.2 14.6h11.6')],
  released: [line('M3.2 1.8h6.2l3.4 3.4v9H3.2zM5.6 9.4l1.7 1.7 3.1-3.5')],
  void: [line('M4 4l8 8M12 4l-8 8', 1.8)],
  // slots and readings
  armed: [html`<circle cx="8" cy="8" r="4.8" fill="none" stroke="currentColor" stroke-width="1.5" />`,
    line('M8 .9v3.9M8 11.2v3.9M.9 8h3.9M11.2 8h3.9')],
  empty: [ring('2.4 2.5')],
  wave: [line('M1 8.4c1.4-4.8 2.9-4.8 4.3 0s2.9 4.8 4.4 0 3.3-4 5.3-1.2', 1.6)],
  // frame of the pages
  scan: [line('M1.6 3v10M4.2 3v10M6.2 3v10M9.2 3v10M11.4 3v10M14.4 3v10', 1.3)],
  journal: [line('M8 1.4l5.4 2v4.1c0 3.3-2.2 5.8-5.4 7.1-3.2-1.3-5.4-3.8-5.4-7.1V3.4zM5.8 7h4.4M5.8 9.6h4.4')],
  bell: [line('M3.6 11.4V7.2a4.4 4.4 0 0 1 8.8 0v4.2l1.2 1.2H2.4zM6.6 14.4h2.8')],
  falling: [line('M8 3v10M4.2 9.2L8 13l3.8-3.8', 1.6)],
  rising: [line('M8 13V3M4.2 6.8L8 3l3.8 3.8', 1.6)],
  next: [line('M6 3.4L10.6 8 6 12.6', 1.6)],
  plus: [line('M8 3v10M3 8h10', 1.8)],
  minus: [line('M3 8h10', 1.8)],
  arrow: [line('M2.8 8h10M9.2 4.4L12.8 8l-3.6 3.6', 1.6)],
  back: [line('M13.2 8h-10M6.8 4.4L3.2 8l3.6 3.6', 1.6)],
  filter: [line('M2 4.2h12M4.6 8h6.8M7 11.8h2', 1.6)],
  again: [line('M13.4 8a5.4 5.4 0 1 1-1.8-4M13.4 1.8V5h-3.2', 1.6)],
};

const RAIL = {
  district: 'M2.6 17.4V10h3.6v7.4M8.2 17.4V3h3.6v14.4M13.8 17.4V7h3.6v10.4',
  producers: 'M3 8.4V17h14V8.4M2.2 8.4L4 3h12l1.8 5.4a2.6 2.6 0 0 1-5.2 0 2.6 2.6 0 0 1-5.2 0 2.6 2.6 0 0 1-5.2 0zM8 17v-4.6h4V17',
  quality: 'M3 3v14h14M3 7h13M3 13h13M5 11.4l3-2.6 3 3.4 3-6.4 2 3',
  more: 'M4 10h.1M10 10h.1M16 10h.1',
  mine: 'M3 8.6L10 3l7 5.6V17h-4.6v-5H7.6v5H3z',
  intake: 'M10 2.6v8.6M6.4 7.8L10 11.4l3.6-3.6M2.6 11.6v5.2h14.8v-5.2',
  admin: 'M10 10.4a3.6 3.6 0 1 0 0-7.2 3.6 3.6 0 0 0 0 7.2zM3 17.4c.6-3.6 3.4-5.2 7-5.2s6.4 1.6 7 5.2',
  standards: 'M10 5.4C8.4 3.9 5.6 3.4 2 3.6v11.6c3.6-.2 6.4.3 8 1.8 1.6-1.5 4.4-2 8-1.8V3.6c-3.6-.2-6.4.3-8 1.8zM10 5.4V17',
  bench: 'M10 3v13M5.6 17h8.8M3.6 5.6h12.8M3.6 5.6L1.5 11h4.2zM16.4 5.6L14.3 11h4.2z',
  batches: 'M7.4 5h10.2M7.4 10h10.2M7.4 15h10.2M2.6 5h1.4M2.6 10h1.4M2.6 15h1.4',
  review: 'M1.8 10c4-7.2 12.4-7.2 16.4 0-4 7.2-12.4 7.2-16.4 0zM12.4 10a2.4 2.4 0 1 1-4.8 0 2.4 2.4 0 1 1 4.8 0z',
  trail: 'M5 6.2v7.6M5 10h7.8M7.1 4a2.1 2.1 0 1 1-4.2 0 2.1 2.1 0 1 1 4.2 0zM7.1 16a2.1 2.1 0 1 1-4.2 0 2.1 2.1 0 1 1 4.2 0zM17.1 10a2.1 2.1 0 1 1-4.2 0 2.1 2.1 0 1 1 4.2 0z',
};

export function Icon({ name }) {
  return html`<svg class="icon" viewBox="0 0 16 16" aria-hidden="true">${SIGNS[name] || SIGNS.empty}</svg>`;
}

export function RailIcon({ name }) {
  return html`<svg class="icon" viewBox="0 0 20 20" aria-hidden="true">${line(RAIL[name])}</svg>`;
}
