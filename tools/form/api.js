/* The server as this form sees it: one request function that knows who is asking and compares the clocks. */

/** What the server said no to; `status` 0: it could not be reached. */
export class ApiError extends Error {
  constructor(status, sentence, body, wait) { super(sentence); this.status = status; this.body = body; this.wait = wait; }
}

export class Api {
  /** onClock(offset in ms, server minus device) after every answer. */
  constructor(onClock = () => {}) { this.token = ''; this.csrf = ''; this.onClock = onClock; }

  /** @returns { status, headers, body } of 2xx; else throws an ApiError. `take`: 'json', 'bytes' or 'none'. */
  async request(method, path, { body, json, take = 'json', also = [], patience = 30000 } = {}) {
    const headers = {};
    if (this.token) headers.Authorization = 'Bearer ' + this.token;
    else if (this.csrf && method !== 'GET' && method !== 'HEAD') headers['X-Survey-CSRF'] = this.csrf;
    if (json) { headers['Content-Type'] = 'application/json'; body = JSON.stringify(json); }
    else if (body) headers['Content-Type'] = 'application/octet-stream';
    const give = new AbortController(), timer = setTimeout(() => give.abort(), patience), before = Date.now();
    try {
      const answer = await fetch(path, { method, headers, body, credentials: this.token ? 'omit' : 'same-origin', cache: 'no-store', redirect: 'error', signal: give.signal });
      this.clock(answer, before);
      const said = take === 'bytes' && answer.ok ? new Uint8Array(await answer.arrayBuffer()) : await answer.json().catch(() => null);
      if (answer.ok || also.includes(answer.status)) return { status: answer.status, headers: answer.headers, body: said };
      throw new ApiError(answer.status, said?.error ?? '', said, 1000 * (Number(answer.headers.get('Retry-After')) || 0));
    } catch (error) {
      throw error instanceof ApiError ? error : new ApiError(0, String(error?.message ?? error));
    } finally { clearTimeout(timer); }
  }

  /** Half of the way there and back is taken for the way back. */
  clock(answer, before) {
    const theirs = Number(answer.headers.get('X-Survey-Time')), now = Date.now();
    if (theirs && now - before < 10000) this.onClock(Math.round(theirs - (before + now) / 2));
  }

  async get(path) { return (await this.request('GET', path)).body; }
  async bytes(path) { return (await this.request('GET', path, { take: 'bytes', patience: 120000 })).body; }
  async post(path, json = {}) { return (await this.request('POST', path, { json })).body; }
}
