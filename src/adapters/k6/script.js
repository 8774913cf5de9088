// Sends the requests of a labctl scenario, round after round. What it does stands in `load`, the line above; it is kept with the evidence of the run.
import http from 'k6/http';
import exec from 'k6/execution';
import { check } from 'k6';

export const options = { scenarios: { load: load.executor }, thresholds: load.thresholds };

// RFC 6901; undefined where there is nothing.
function pointed(value, pointer) {
  return pointer
    .split('/')
    .slice(1)
    .map((part) => part.replace(/~1/g, '/').replace(/~0/g, '~'))
    .reduce((at, part) => (at === undefined || at === null ? undefined : at[part]), value);
}

function filled(text, known) {
  return text.replace(/@\{([a-z0-9_]+)\}/g, (whole, name) => (name in known ? String(known[name]) : whole));
}

function answer(response) {
  try {
    return response.json();
  } catch (_) {
    return undefined;
  }
}

export default function () {
  const known = { nonce: `${exec.vu.idInTest}-${exec.vu.iterationInInstance}-${Math.random().toString(36).slice(2, 8)}` };
  for (const request of load.requests) {
    const body = request.json === null ? null : filled(JSON.stringify(request.json), known);
    // the name keeps one series for each request, whatever is filled in
    const name = `${request.method} ${request.path}`;
    const response = http.request(request.method, __ENV.BASE_URL + filled(request.path, known), body, {
      headers: body === null ? {} : { 'Content-Type': 'application/json' },
      tags: { name },
      responseCallback: http.expectedStatuses(request.status),
      timeout: '30s',
    });
    if (!check(response, { [`${name} answers ${request.status}`]: (got) => got.status === request.status })) {
      return;
    }
    for (const [key, pointer] of Object.entries(request.capture)) {
      const found = pointed(answer(response), pointer);
      if (found === undefined) {
        return;
      }
      known[key] = found;
    }
  }
}
