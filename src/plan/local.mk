# plan: wanted and known in, operations in order out. Pure.
