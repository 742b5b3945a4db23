# vault: references, sealing, tokens, random; libtrunkd-vault.a. The only room that links libsodium.
