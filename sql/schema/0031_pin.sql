-- livekit-sip hangs up at the seventeenth digit (pkg/sip/inbound.go, pinLimit): a longer PIN could never be typed.
update trunkd.field set most = 16 where document = 'dispatch_rule' and key = 'pin';
