//! The description of the feed, served at `/api/v1/openapi.json` and printed by `portal openapi`.

use super::invitations::SOURCES;
use app::domain::joining::IdentityCheck;
use app::domain::participation::Role;
use serde_json::{Value, json};

#[must_use]
pub fn document() -> Value {
    let error = json!({ "description": "Refused; `error` says what to do", "content": { "application/json": { "schema": {
        "type": "object", "required": ["error"], "properties": { "error": { "type": "string" },
            "path": { "type": "string", "description": "Where in the body the fault is; empty for the whole" },
            "code": { "enum": ["unknown_person", "messages_stopped", "email_not_safe", "has_joined"] } } } } } });
    let text = |longest: u32| json!({ "type": "string", "minLength": 1, "maxLength": longest });
    let roles = Role::ALL.map(Role::code);
    json!({
        "openapi": "3.1.0",
        "info": { "title": "Victims' hub portal: feed", "version": "1",
            "description": "Cases and their progress from a police records system, and invitations of the people in them. \
                Keys: portal machine-key add, with the scope cases:write or invite." },
        "components": {
            "securitySchemes": { "key": { "type": "http", "scheme": "bearer" } },
            "schemas": {
                "Person": { "type": "object", "additionalProperties": false, "required": ["key", "name", "role"], "properties": {
                    "key": text(100), "name": text(200), "role": { "enum": roles },
                    "email": text(254), "mobile": text(30),
                    "conflict": { "type": "boolean", "description": "May be on the suspect's side: sees nothing of the case" },
                    "child_born": { "type": "string", "format": "date", "description": "Of a parent, required: their part ends at the child's 18th birthday" },
                    "until": { "type": "string", "format": "date", "description": "The last day of this part; required of a representative" } } },
                "Event": { "type": "object", "additionalProperties": false, "required": ["outcome"], "properties": {
                    "outcome": text(200), "date": { "type": "string", "description": "YYYY-MM-DD or YYYY-MM; absent when not known" } } },
                "Case": { "type": "object", "additionalProperties": false, "required": ["month", "crime_type"], "properties": {
                    "reference": text(100), "crime_id": text(100), "month": { "type": "string", "pattern": "^[0-9]{4}-[0-9]{2}$" },
                    "crime_type": text(100), "location": text(200), "district": text(100), "outcome": text(200),
                    "events": { "type": "array", "maxItems": 200, "items": { "$ref": "#/components/schemas/Event" } },
                    "people": { "type": "array", "maxItems": 50, "items": { "$ref": "#/components/schemas/Person" } } } },
                "Invitation": invitation()
            }
        },
        "security": [{ "key": [] }],
        "paths": { "/api/v1/cases": { "post": {
            "summary": "Store a batch of cases. The same batch twice changes nothing.",
            "parameters": [{ "name": "Idempotency-Key", "in": "header", "required": false, "schema": text(200) }],
            "requestBody": { "required": true, "content": { "application/json": { "schema": {
                "type": "object", "additionalProperties": false, "required": ["cases"],
                "properties": { "cases": { "type": "array", "items": { "$ref": "#/components/schemas/Case" } } } } } } },
            "responses": {
                "200": { "description": "A row for each item", "content": { "application/json": { "schema": { "type": "object",
                    "required": ["results"], "properties": { "results": { "type": "array", "items": { "type": "object",
                        "required": ["item", "result"], "properties": { "item": { "type": "integer", "minimum": 1 },
                            "reference": { "type": "string" }, "reason": { "type": "string" },
                            "result": { "enum": ["accepted", "unchanged", "rejected"] } } } } } } } } },
                "400": error, "401": error, "403": error, "413": error, "415": error, "422": error
            }
        } },
        "/api/v1/invitations": { "post": invite(&error) } }
    })
}

fn invite(error: &Value) -> Value {
    json!({
        "summary": "Invite somebody. A newer invitation ends the one before it; the same call again is answered alike.",
        "parameters": [{ "name": "Idempotency-Key", "in": "header", "required": true,
            "schema": { "type": "string", "minLength": 1, "maxLength": 200 } }],
        "requestBody": { "required": true, "content": { "application/json": { "schema": {
            "$ref": "#/components/schemas/Invitation" } } } },
        "responses": {
            "201": { "description": "Tell them the word by voice; never write it beside the link", "content": { "application/json": {
                "schema": { "type": "object", "required": ["invitation_id", "word", "expires_at"], "properties": {
                    "invitation_id": { "type": "string", "format": "uuid" }, "word": { "type": "string" },
                    "expires_at": { "type": "string", "format": "date-time" },
                    "link": { "type": "string", "description": "For a letter only; an emailed link is told to nobody" } } } } } },
            "400": error, "401": error, "403": error, "404": error, "409": error, "413": error, "415": error, "422": error, "429": error
        }
    })
}

fn invitation() -> Value {
    let checks: Vec<&str> = IdentityCheck::ALL.iter().map(|one| one.code()).collect();
    json!({ "type": "object", "additionalProperties": false, "required": ["source", "person_key", "identity_checked", "deliver"],
        "properties": {
            "source": { "enum": SOURCES },
            "person_key": { "type": "string", "minLength": 1, "maxLength": 100, "description": "The key that the person was sent with" },
            "identity_checked": { "enum": checks, "description": "How somebody made sure who this is; never by a date of birth or an address" },
            "deliver": { "oneOf": [
                { "const": "letter" },
                { "type": "object", "additionalProperties": false, "required": ["email", "alone"], "properties": {
                    "email": { "type": "string", "maxLength": 254, "description": "Used for this one email and then deleted" },
                    "alone": { "const": true, "description": "They said, alone with whoever asked, that only they read this inbox" } } }
            ] } } })
}
