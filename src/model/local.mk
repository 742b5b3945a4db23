# model: the rows, as plain structs. Pure.
