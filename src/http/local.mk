# http: libcurl multi on sd-event, libtrunkd-http.a. The only room that links libcurl.
