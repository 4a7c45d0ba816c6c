"""The language of lottery-ticket studies: text in, plan out. Pure and instant: nothing here imports torch."""
