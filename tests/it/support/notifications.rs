//! A session that listens.

use std::future::poll_fn;

use tokio::sync::mpsc;
use tokio_postgres::{AsyncMessage, Client, NoTls};

/// Channel and payload of each notification.
pub(crate) type Notifications = mpsc::UnboundedReceiver<(String, String)>;

/// Listens on these channels for as long as the client exists.
pub(crate) async fn listen(url: &str, channels: &[&str]) -> (Client, Notifications) {
    let (client, mut connection) = tokio_postgres::connect(url, NoTls).await.expect("the database answers");
    let (sender, receiver) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Some(Ok(message)) = poll_fn(|context| connection.poll_message(context)).await {
            if let AsyncMessage::Notification(notification) = message {
                let _ = sender.send((notification.channel().to_owned(), notification.payload().to_owned()));
            }
        }
    });
    for channel in channels {
        client
            .batch_execute(&format!("LISTEN {channel}"))
            .await
            .expect("LISTEN works");
    }
    (client, receiver)
}
