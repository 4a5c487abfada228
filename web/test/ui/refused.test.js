import { test } from 'node:test';
import { bench, sees } from './support.mjs';

const run = bench({ camera: false });

test('a refused camera is told with the way to allow it in this browser', run(async ({ page }) => {
  await page.getByRole('button', { name: 'Start the check' }).click();
  await page.getByRole('heading', { name: 'The camera is not allowed' }).waitFor();
  await sees(page, 'Click the icon left of the address.');
  await sees(page, 'Code camera_denied');
}));
