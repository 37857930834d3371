// The SQL database: one row for each custom model, provider and API key.

import { createHash } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';

import { COLUMNS } from './fields.mjs';

const JSON_COLUMNS = ['supported_params_override', 'inherited', 'extra_kwargs'];

export class Store {
  constructor(fixtures) {
    this.database = new DatabaseSync(':memory:');
    this.database.exec(this.schema());
    this.load(fixtures);
    this.statements = new Map();
  }

  schema() {
    return `
      CREATE TABLE api_keys (hash TEXT PRIMARY KEY, organization TEXT NOT NULL, may_write INTEGER NOT NULL) STRICT;
      CREATE TABLE providers (
        organization TEXT, provider_id TEXT, provider_name TEXT, extra_kwargs TEXT, created_at TEXT, updated_at TEXT,
        PRIMARY KEY (organization, provider_id)
      ) STRICT;
      CREATE TABLE models (
        organization TEXT NOT NULL,
        model_name TEXT NOT NULL,
        ${Object.keys(COLUMNS).map((column) => `${column} ${this.columnType(column)}`).join(', ')},
        inherited TEXT, -- JSON: what the base model had when this one was based on it
        revision INTEGER NOT NULL DEFAULT 1,
        reads INTEGER NOT NULL DEFAULT 0,
        created_at INTEGER NOT NULL,
        updated_at INTEGER,
        PRIMARY KEY (${this.primaryKey()})
      ) ${this.tableOptions()};`;
  }

  columnType(column) {
    return COLUMNS[column];
  }

  primaryKey() {
    return 'organization, model_name';
  }

  tableOptions() {
    return 'STRICT';
  }

  load({ keys, providers }) {
    for (const [key, { organization, may_write: mayWrite }] of Object.entries(keys)) {
      this.database
        .prepare('INSERT INTO api_keys VALUES (?, ?, ?)')
        .run(this.hash(key), organization, Number(mayWrite));
    }
    for (const [organization, own] of Object.entries(providers)) {
      for (const [id, { provider_name: name, extra_kwargs: kwargs, created_at: created, updated_at: updated }] of Object.entries(own)) {
        this.database
          .prepare('INSERT INTO providers VALUES (?, ?, ?, ?, ?, ?)')
          .run(organization, id, name, JSON.stringify(kwargs), created, updated);
      }
    }
  }

  hash(key) {
    return createHash('sha256').update(key).digest('hex');
  }

  // Who has a key, or undefined.
  caller(key) {
    return this.first('SELECT organization, may_write FROM api_keys WHERE hash = $hash', { hash: this.hash(key) });
  }

  provider(organization, id) {
    return this.first('SELECT * FROM providers WHERE organization = $organization AND provider_id = $id', { organization, id });
  }

  model(organization, name) {
    return this.first(`SELECT * FROM models WHERE ${this.isModel()}`, { organization, name });
  }

  models(organization) {
    return this.all('SELECT * FROM models WHERE organization = $organization ORDER BY model_name', { organization });
  }

  isModel() {
    return 'organization = $organization AND model_name = $name';
  }

  countRead(organization, name) {
    this.first(`UPDATE models SET reads = reads + 1 WHERE ${this.isModel()} RETURNING reads`, { organization, name });
  }

  // Removes a model, and tells whether there was one.
  remove(organization, name) {
    return this.first(`DELETE FROM models WHERE ${this.isModel()} RETURNING model_name`, { organization, name }) !== undefined;
  }

  // Creates or updates a model: columns that `values` lacks keep what they hold. Returns the row; a new one has revision 1.
  upsert(organization, values, now) {
    return this.first(this.upsertStatement(), { organization, now, ...this.parameters(values) });
  }

  parameters({ model_name: name, ...values }) {
    const own = Object.keys(COLUMNS).map((column) => [column, values[column] ?? null]);
    const parameters = { name, ...Object.fromEntries(own), inherited: values.inherited ?? null };
    for (const column of ['supported_params_override', 'inherited']) {
      if (parameters[column] !== null) parameters[column] = JSON.stringify(parameters[column]);
    }
    return parameters;
  }

  upsertStatement() {
    const columns = [...Object.keys(COLUMNS), 'inherited'];
    return `
      INSERT INTO models (organization, model_name, ${columns.join(', ')}, created_at)
      VALUES ($organization, $name, ${columns.map((column) => `$${column}`).join(', ')}, $now)
      ON CONFLICT (${this.primaryKey()}) DO UPDATE SET
        ${columns.map((column) => `${column} = ${this.updated(column)}`).join(', ')},
        revision = revision + 1,
        updated_at = CASE WHEN ${columns.map((column) => this.changes(column)).join(' OR ')}
          THEN ${this.updateTime()} ELSE updated_at END
      RETURNING *`;
  }

  updated(column) {
    return `coalesce(excluded.${column}, ${column})`;
  }

  changes(column) {
    return `coalesce(excluded.${column}, ${column}) IS NOT ${column}`;
  }

  updateTime() {
    return 'max(excluded.created_at, coalesce(updated_at, created_at) + 1)';
  }

  first(sql, parameters) {
    return this.all(sql, parameters)[0];
  }

  all(sql, parameters) {
    if (!this.statements.has(sql)) this.statements.set(sql, this.database.prepare(sql));
    return this.statements.get(sql).all(parameters).map((row) => this.parsed(row));
  }

  // The row with its JSON columns parsed, and without columns that are NULL.
  parsed(row) {
    const members = Object.entries(row).filter(([, value]) => value !== null);
    return Object.fromEntries(members.map(([column, value]) => [column, JSON_COLUMNS.includes(column) ? this.json(value) : value]));
  }

  json(text) {
    return JSON.parse(text);
  }
}
