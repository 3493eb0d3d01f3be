/* Interviews of cases that were returned: brought to this device while there is a connection, so that they open without one, and locked as everything about people is. */

export class Corrections {
  constructor({ app, vault, owner }) { Object.assign(this, { app, vault, key: 'corrections ' + owner }); }

  async all() { return this.vault.unlockJson(await this.app.storage.get('settings', this.key), this.key) ?? {}; }
  async put(all) { await this.app.storage.put('settings', this.vault.lockJson(all, this.key), this.key); }
  async ask({ form, case: id }) { return this.app.api.get(`/api/cases/${encodeURIComponent(form)}/${encodeURIComponent(id)}/correction`); }

  /** Keeps those of these cases and no others. What the server does not give (it was corrected meanwhile) is left to the moment it is asked for. */
  async keep(cases) {
    const had = await this.all(), all = {};
    for (const one of cases) {
      const name = `${one.form} ${one.case}`;
      all[name] = had[name]?.comment === one.comment ? had[name] : await this.ask(one).then(given => ({ comment: one.comment, given }), error => { if (!error.status || error.status >= 500) throw error; });
    }
    if (cases.length || Object.keys(had).length) await this.put(all);
  }

  async drop(name) {
    const { [name]: gone, ...rest } = await this.all();
    if (gone) await this.put(rest);
  }

  /** That of a case, from this device or from the server: { uuid, version, bytes }. */
  async of(one) {
    const known = (await this.all())[`${one.form} ${one.case}`];
    const given = known?.comment === one.comment ? known.given : await this.ask(one).catch(error => { throw error.status === 0 ? new Error('returnedOffline') : error; });
    return { uuid: given.interview, version: given.version, bytes: Uint8Array.from(atob(given.package), c => c.charCodeAt(0)) };
  }
}
