// SPDX-License-Identifier: Apache-2.0
// The same list as a file for a spreadsheet.
import { html } from './standalone.module.js';
import { Icon } from './icons.js';
import { t, learn } from './words.js';

learn({ 'csv-how': ['这张表存为 CSV', 'this list as CSV'] });

export const CsvLink = ({ path }) => html`<a class="csv" href=${`${path}${path.includes('?') ? '&' : '?'}format=csv`} download title=${t('csv-how')} aria-label=${t('csv-how')}><${Icon} name="falling" />CSV</a>`;
