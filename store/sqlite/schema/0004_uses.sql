-- Who deployed a version, why, and which workflows it starts: a JSON list of {workflow, constraint}.

ALTER TABLE versions ADD COLUMN deployed_by TEXT NOT NULL DEFAULT '';
ALTER TABLE versions ADD COLUMN why TEXT NOT NULL DEFAULT '';
ALTER TABLE versions ADD COLUMN uses TEXT NOT NULL DEFAULT '[]';
