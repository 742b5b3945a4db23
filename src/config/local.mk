# config: configuration file and manifests, libtrunkd-config.a. The only room that links libyaml.
