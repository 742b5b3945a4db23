# kinds: one file per external kind and one per provider. Pure; json-c inside decode and encode only.
