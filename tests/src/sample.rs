//! Sample appointments for today, and sample photos.

/// Five appointments for `melton-2` today, by this machine's clock, as CSV from a housing system.
#[must_use]
pub fn appointments_today() -> String {
    let now = doorstep_core::Clock::now(&doorstep_core::SystemClock);
    let local = now.utc() + chrono::TimeDelta::minutes(i64::from(now.utc_offset_minutes));
    let day = local.format("%Y-%m-%d");
    let before = (local - chrono::TimeDelta::days(2)).format("%Y-%m-%d");
    let header = "appointment_ref,uprn,address_line_1,address_line_2,town,postcode,tenant_name,tenant_phone,visit_kind,purpose,window_start,window_end,organisation,assigned_to,notice_given_at,notice_method,told_who_and_why,support_needs,hazard_note";
    let rows = [
        format!(
            "WO-TODAY-1,042307689879,\"Flat 19, 4 The Old Dairy\",,Melton Mowbray,LE13 9ZY,Иван Patel,01632 960890,responsive_repair,Boiler losing pressure; no hot water,{day}T00:01,{day}T10:30,Melton Borough Council,melton-2,{before}T09:00,phone,yes,,Steep unlit steps at rear"
        ),
        format!(
            "WO-TODAY-2,771950925218,115 Wolds View,,Melton Mowbray,LE13 9ZD,美玲 Whitfield,01632 960664,responsive_repair,Leaking kitchen tap,{day}T11:00,{day}T13:00,Melton Borough Council,melton-2,{before}T14:00,email,yes,\"Trusted adult must be present: daughter, call first\","
        ),
        format!(
            "WO-TODAY-3,996908920530,28 Ploughman's Row,,Melton Mowbray,LE13 9ZB,Siân O'Connor,07700 900910,safety_check,Smoke alarm test,{day}T14:00,{day}T16:00,Melton Borough Council,melton-2,{before}T15:00,letter,yes,,\"Large dog, ask for it to be shut away\""
        ),
        format!(
            "WO-TODAY-4,014830516878,\"Flat 25, 5 Ash Grove\",,Melton Mowbray,LE13 9ZE,Élodie Patel,01632 960071,emergency_repair,Smell of gas reported,{day}T16:30,{day}T18:30,Melton Borough Council,melton-2,,,no,,"
        ),
        format!(
            "WO-TODAY-5,532979068556,4 Eyebrook Rise,,Melton Mowbray,LE13 9ZR,Kwame Null,07700 900712,responsive_repair,Leaking gutter,{day}T18:30,{day}T19:30,Melton Borough Council,melton-2,{day}T00:00,phone,no,,"
        ),
    ];
    format!("{header}\n{}\n", rows.join("\n"))
}

/// A JPEG as a camera writes it: `side` by `side` pixels of noise, with a place and a maker in its
/// metadata.
#[must_use]
pub fn photo(side: u32) -> Vec<u8> {
    let picture = image::RgbImage::from_fn(side, side, |x, y| {
        let grain = (x.wrapping_mul(2_654_435_761) ^ y.wrapping_mul(2_246_822_519)).to_be_bytes();
        image::Rgb([grain[0], grain[1], grain[2]])
    });
    let mut jpeg = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut jpeg, image::ImageFormat::Jpeg).expect("a picture can be written");
    let mut photo = jpeg.into_inner();
    let beside = b"Exif\0\0GPS 52.7663 N 0.8863 W, a phone";
    let length = u16::try_from(beside.len() + 2).expect("that is short").to_be_bytes();
    photo.splice(2..2, [&[0xFF, 0xE1], &length[..], beside].concat());
    photo
}

/// A JPEG of a few pixels whose header says that it holds 100 million.
///
/// # Panics
/// Never, since every JPEG has a frame.
#[must_use]
pub fn bomb() -> Vec<u8> {
    let mut file = photo(16);
    let frame = file.windows(2).position(|pair| pair == [0xFF, 0xC0]).expect("a JPEG has a frame");
    file.splice(frame + 5..frame + 9, [0x27, 0x10, 0x27, 0x10]);
    file
}
